import { isMmi, type Body } from '@majordomo/protocol';

/**
 * True where a reply says that its service could not do it. MDP itself has no such word; the services of the
 * broker (RFC 8) have a status in their first frame.
 */
export function saysFailure(service: string, body: Body): boolean {
  return isMmi(service) && /^[45]\d\d/.test(body.text());
}
