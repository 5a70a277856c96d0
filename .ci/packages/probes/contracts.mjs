import { MajordomoError } from '@majordomo/contracts';

if (!(new MajordomoError('STATE', 'it loads') instanceof Error)) throw new Error('no error');
