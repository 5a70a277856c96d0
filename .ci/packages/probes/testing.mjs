import { MajordomoError } from '@majordomo/testing';

if (!(new MajordomoError('STATE', 'it loads') instanceof Error)) throw new Error('no error');
