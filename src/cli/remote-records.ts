// Owns looking up guests through the admin API of a running server.

import type { EmailAddress } from '../domain/email-address.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { ExternalUserState } from '../storage/store.ts';
import { explanation } from './explain-remote.ts';
import type { Refusal } from './output.ts';
import { refusalSentence } from './refusal-sentence.ts';
import type { RemoteApi } from './remote-api.ts';
import { remoteMails } from './remote-mail.ts';
import { remoteInvitation, remoteUser } from './remote-guest.ts';
import type { GuestRecords, KnownGuest } from './tenant-admin.ts';

const DELETED = '/directory/deletedItems/microsoft.graph.user';
const read = { scopes: ['guests.read'] } as const;

/** @param api of one tenant */
export function createRemoteRecords(api: RemoteApi): Omit<GuestRecords, 'now'> {
  const domains = new Map<string, Promise<Refusal | undefined>>();

  async function* users(path: string, $filter?: string): AsyncGenerator<KnownGuest> {
    for await (const { guest } of api.list({ ...read, path, query: { $filter } }, remoteUser)) {
      yield guest;
    }
  }

  return {
    // The API tells no names of tenants.
    tenant: { id: api.tenant, displayName: api.tenant },
    async find({ key }) {
      const theirs = [`mail eq ${quoted(key)}`, `otherMails/any(m:m eq ${quoted(key)})`];
      for (const filter of theirs) {
        for await (const guest of users('/users', filter)) return guest;
      }
      return undefined;
    },
    async findRemoved({ key }) {
      const found: KnownGuest[] = [];
      for await (const guest of users(DELETED, `mail eq ${quoted(key)}`)) found.push(guest);
      return found.toSorted((a, b) => (b.removedAt ?? 0) - (a.removedAt ?? 0));
    },
    list: (state?: ExternalUserState) =>
      users('/users', state && `externalUserState eq ${quoted(state)}`),
    async *listInvitations() {
      for await (const { guest, isPending } of api.list(
        { ...read, path: '/invitations' },
        remoteInvitation,
      )) {
        if (isPending) yield guest;
      }
    },
    async listAddresses({ id }) {
      return (await api.get({ ...read, path: `/users/${id}` }, remoteUser)).otherMails;
    },
    async listMails({ id }) {
      // A server of before has no such path; a guest who was removed has no mails.
      const asked = await api.ask({ ...read, path: `/users/${id}/mails` }, remoteMails);
      return 'answer' in asked ? asked.answer : undefined;
    },
    refusesInvitations: () => Promise.resolve(undefined),
    foreseeRefusal({ address }) {
      // Once for a domain: the list of the tenant is all that can be known beforehand.
      const known = domains.get(address.domain) ?? refusalOfDomain(address);
      domains.set(address.domain, known);
      return known;
    },
  };

  async function refusalOfDomain({ address }: EmailAddress): Promise<Refusal | undefined> {
    const query = { email: address, arrival: 'invitation' };
    const { facts } = await api.get({ ...read, path: '/explain', query }, explanation);
    if (!facts.domainAllowed) return refusal('domain_not_allowed');
    return facts.partnerCloudUnsupported ? refusal('cloud_unsupported') : undefined;
  }

  function refusal(code: ErrorCode): Refusal {
    return { outcome: 'refused', code, sentence: refusalSentence(code, api.tenant) };
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
