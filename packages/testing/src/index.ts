export { MajordomoError } from '@majordomo/protocol';
