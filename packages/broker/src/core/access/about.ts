import { encodeText, isMmi, MMI_SERVICES, MMI_STATUS, type Frame, type MmiAccess } from '@majordomo/protocol';
import type { Identity } from './authority';

/**
 * The reply of `mmi.access`: what whoever asks may do.
 * @param identity - who asks; `undefined` where there is no policy
 * @param service - the service that it is asked about; empty for none, `undefined` where that is no name
 */
export function answerAccess(identity: Identity | undefined, service: string | undefined): Frame[] {
  const may = (ask: (rights: NonNullable<Identity['rights']>) => boolean): boolean =>
    identity === undefined || (identity.rights !== undefined && ask(identity.rights));
  const access: MmiAccess = {
    policy: identity !== undefined,
    key: identity?.keyName ?? null,
    roles: [...(identity?.rights?.names ?? [])],
    mmi: MMI_SERVICES.filter((name) => may((rights) => rights.mayManage(name))),
    ...(service === ''
      ? {}
      : {
          request:
            service !== undefined &&
            may((rights) => (isMmi(service) ? rights.mayManage(service) : rights.mayRequest(service))),
          serve: service !== undefined && !isMmi(service) && may((rights) => rights.mayServe(service)),
        }),
  };
  return [encodeText(MMI_STATUS.found), encodeText(JSON.stringify(access))];
}
