// Owns the security requirements and faults, and in one sentence each how it is met. The tests are
// found by the numbers in their titles.

/** One requirement or fault. */
export interface Requirement {
  readonly id: string;
  /** How it is met, or what is done about it. */
  readonly says: string;
  /** What is done otherwise than asked, and why. */
  readonly deviates?: string;
  /** What an admin can do about the deviation. */
  readonly knob?: string;
}

/** A heading with its requirements. */
export interface Chapter {
  readonly title: string;
  readonly requirements: readonly Requirement[];
}

export const CHAPTERS: readonly Chapter[] = [
  {
    title: 'One-time passcodes',
    requirements: [
      {
        id: 'S1',
        says: 'Only the POST of **Send code** mails a passcode; no link, hint or invitation does.',
      },
      {
        id: 'S2',
        says: 'Passcodes come from the system’s generator without bias, leading zeros kept; strong ones have 80 bits.',
      },
      {
        id: 'S3',
        says: 'Stored is an HMAC under a versioned pepper that is not in the database, over tenant, sign-in, address and number; a start without a good pepper fails.',
      },
      {
        id: 'S4',
        says: 'A passcode counts in its own sign-in, browser, tenant and address, once, before its 30 minutes end by the database’s clock.',
        deviates:
          'A passcode lives 30 minutes; SP 800-63B (section 3.1.3) and ASVS 6.5.5 ask for 10. Mail is late too often; guesses are counted, so time adds none; what it adds is time to intercept one.',
        knob: '`limits.passcodeLifetimeSeconds`, down to 300',
      },
      {
        id: 'S5',
        says: 'Attempts are counted by a conditional UPDATE before anything is compared.',
      },
      {
        id: 'S6',
        says: 'One conditional UPDATE marks a sign-in proven; whoever comes second proves nothing.',
      },
      {
        id: 'S7',
        says: 'A new passcode gives no new attempts while one is live; pressing twice at once sends one mail.',
        deviates:
          'The passcode before it stays good for its own 30 minutes: late mail is the commonest failure. The guess bound below counts two live passcodes.',
        knob: '`limits.passcodesPerSignIn: 1` sends one, and none has one before it',
      },
      {
        id: 'S8',
        says: 'Failures are taken from exact budgets per tenant and address before comparing, and given back by success alone.',
      },
      {
        id: 'S9',
        says: 'A spent budget locks nobody out: short passcodes are no longer compared, and new ones are strong.',
      },
      {
        id: 'S10',
        says: 'A browser that signed in before, or came by an open invitation, has budgets of its own that strangers cannot spend.',
      },
      {
        id: 'S11',
        says: 'Mails and failures are budgeted per address, mailbox, network, tenant and installation; a thousand requests at once pass none of these by one.',
      },
      { id: 'S12', says: 'One function checks passcodes, and every way in leads through it.' },
      {
        id: 'S13',
        says: 'Passcodes travel in the bodies of POSTs alone; what is no passcode is not evaluated and never shown again.',
      },
      {
        id: 'S14',
        says: 'Page and mail carry the same label, application and tenant; the mail says who asked, from where, and where alone the passcode is typed.',
      },
    ],
  },
  {
    title: 'Addresses',
    requirements: [
      {
        id: 'S15',
        says: 'One parser reads every address, refuses what a mail program could read as several, and takes linear time.',
      },
      {
        id: 'S16',
        says: 'Addresses are equal bytewise, in columns whose collation is fixed, whatever the server’s is.',
      },
      { id: 'S17', says: 'Mail goes to the address as it was invited, never as it was typed.' },
      {
        id: 'S18',
        says: 'A `sub` is random, per tenant, never used again; `email_verified` is said of the address proven now.',
      },
      {
        id: 'S19',
        says: 'Local parts beyond ASCII are refused with a neutral sentence.',
        deviates:
          'No opt-in for SMTPUTF8 yet: every relay on the way would have to take such an address.',
      },
    ],
  },
  {
    title: 'Mail',
    requirements: [
      {
        id: 'S20',
        says: 'A mail leaves with exactly one envelope recipient, equal to the stored address.',
      },
      {
        id: 'S21',
        says: 'Beyond this machine SMTP is TLS 1.2 or newer with a verified certificate, or nothing is sent.',
      },
      {
        id: 'S22',
        says: 'Names are inert text in mails and pages; mails have no remote content, and passcode mails no links but the one a tenant asks for.',
      },
      {
        id: 'S23',
        says: 'Every address in a mail is built from `publicUrl`, never from a request.',
      },
    ],
  },
  {
    title: 'Browser and pages',
    requirements: [
      {
        id: 'S24',
        says: 'A sign-in belongs to one browser by a cookie of 256 bits, stored as its digest; nobody else can go on with it or take its end. The sealed token by which its pages begin the same request anew grants nothing, and no other browser is given it.',
      },
      {
        id: 'S25',
        says: 'The uid of the address must be that of the cookie, and the tenant that of the path.',
      },
      {
        id: 'S26',
        says: 'Every form has a token of its sign-in and browser, and `Origin` and `Sec-Fetch-Site` must agree.',
      },
      { id: 'S27', says: 'Every sign-in makes a new session id, stored as its digest.' },
      {
        id: 'S28',
        says: 'A session ends 24 hours after the proof, whatever is done in between; the policy checks it anew at each use.',
      },
      {
        id: 'S29',
        says: 'Block, removal, reset and switching passcodes off end sessions, tokens and live passcodes at once.',
        deviates:
          'A tenant whose file is taken away is refused at once, but nothing of it is deleted: a file that is missing for a moment must not sign everybody out. Should it come back, sessions and passcodes go on until their own end.',
        knob: '`guestpass keys revoke --end-sessions` before taking it away, which makes new signing keys too',
      },
      {
        id: 'S30',
        says: 'Every answer has the headers: no-store, nosniff, a strict content security policy, no framing, HSTS on https.',
        deviates:
          'No `form-action` (Chromium would stop the redirect to the application) and no COOP (it breaks sign-in by popup).',
      },
      { id: 'S31', says: 'Referrer-Policy is `same-origin`.' },
      {
        id: 'S32',
        says: 'Back, reload and a second POST after the proof lead on or say so, and sign nobody in anew.',
      },
    ],
  },
  {
    title: 'Tenants',
    requirements: [
      {
        id: 'S33',
        says: 'One Provider per tenant; every key in the database begins with the tenant; foreign objects are not found.',
      },
      {
        id: 'S34',
        says: 'Session cookies are named by tenant, without Domain; a session is worth nothing elsewhere.',
      },
      {
        id: 'S35',
        says: 'Without tenant, with an unknown one or two at once there is a page, no redirect, no row and no mail.',
      },
      {
        id: 'S36',
        says: 'Another host than that of `publicUrl` is answered 421 before anything is built from it.',
      },
      {
        id: 'S37',
        says: 'Keys, secrets and budgets are a tenant’s own; a new key is published a day before it signs.',
      },
      {
        id: 'S38',
        says: 'Mails, failures and authorization requests have a tenant’s own budgets; its silent relay or database load holds up nobody else’s mail.',
        deviates:
          'One relay and one database pool serve all tenants of an installation: shares of a pool for thousands of tenants would be more connections than a database has.',
        knob: 'an installation of its own for who must not share',
      },
    ],
  },
  {
    title: 'OAuth and OpenID Connect',
    requirements: [
      { id: 'S39', says: 'Redirect URIs are compared exactly and must always be sent.' },
      { id: 'S40', says: 'PKCE with S256 is required of every client.' },
      {
        id: 'S41',
        says: 'Only the authorization code, by query or form_post; no implicit, password, device, CIBA or registration.',
      },
      {
        id: 'S42',
        says: 'What is wrong before client and redirect URI are known ends on a page; what was sent is escaped; 303 after a POST.',
      },
      { id: 'S43', says: '`iss` is in every answer, and discovery agrees with the address.' },
      {
        id: 'S44',
        says: 'A code is consumed by a conditional UPDATE; whoever is second ends the grant. Replays are found by primary key.',
      },
      {
        id: 'S45',
        says: '`prompt`, `max_age`, `id_token_hint` and `acr_values` are honoured; a mailed passcode claims `otp` and never more.',
        deviates:
          'A mailbox is the only factor of a guest by passcode. SP 800-63B (section 3.1.3.1) takes no mail, ASVS 6.3.3 asks for a second factor; guests of other companies have nothing else that we know. Tokens say `otp` and claim no more.',
        knob: '`emailOneTimePasscode: disabled`; `guests: { emailOneTimePasscode: false }` of an application; `limits.passcodeDigits` up to 12',
      },
      {
        id: 'S46',
        says: 'Userinfo, introspection and revocation take this tenant’s tokens alone, of the client that asks, and none from a query.',
      },
      {
        id: 'S47',
        says: 'Refresh tokens rotate at each use and end with the session’s 24 hours; a second use ends the family.',
      },
      {
        id: 'S48',
        says: 'Signing out asks first, goes to registered addresses alone, and tells applications by back channel.',
      },
      {
        id: 'S49',
        says: 'Client assertions name this issuer, live five minutes and count once; secrets are compared in constant time.',
      },
    ],
  },
  {
    title: 'Other places',
    requirements: [
      {
        id: 'S50',
        says: 'A place is found by the exact domain, and believed of its own domains alone; an account is connection, issuer and subject.',
      },
      {
        id: 'S51',
        says: 'A guest stays with the door they redeemed by until an admin resets them.',
      },
      {
        id: 'S52',
        says: 'State, nonce and PKCE always; answers count once, in the browser and at the connection that asked; `email_verified` is exactly true, in the same object.',
      },
      {
        id: 'S53',
        says: 'Outgoing requests are https to public addresses as resolved, without redirects, in three seconds and 256 KiB.',
      },
      {
        id: 'S54',
        says: 'SAML is read from what was signed alone: one assertion, in answer to our request, of the right audience, recipient and time.',
      },
    ],
  },
  {
    title: 'Invitations and administration',
    requirements: [
      {
        id: 'S55',
        says: 'Opening an invitation changes nothing; it is redeemed once, by whoever proves the address, before it ends.',
      },
      {
        id: 'S56',
        says: 'The admin API is off by default, on a listener of its own, for scoped tokens of the tenant; what is foreign is not found, what is unknown refused.',
      },
    ],
  },
  {
    title: 'Configuration and secrets',
    requirements: [
      {
        id: 'S57',
        says: 'Configuration is data: strict, without aliases, tags and prototype keys, in files of bounded size, taken over whole or not at all.',
      },
      {
        id: 'S58',
        says: 'Secrets are references beyond this machine, from files nobody else can read, and in no message.',
        deviates:
          'The server makes and changes its tables itself at the start, so its database user may do so at run time.',
        knob: '`guestpass migrate` as a user who may; a server that finds nothing to change needs to read and write rows alone',
      },
    ],
  },
  {
    title: 'HTTP',
    requirements: [
      {
        id: 'S59',
        says: 'Slow, large and many requests are cut off: headers in 10 seconds, the whole in 15, bodies of 16 KiB, connections per network and in all.',
        deviates:
          'How many sign-ins a network begins is counted by each process for itself: with n processes up to n times the limit. A row per request would be the load that is to be kept away.',
        knob: '`limits.signInsPerNetworkPerMinute`',
      },
      {
        id: 'S60',
        says: 'The client’s address comes from listed proxies alone, by the right-most hop that is none of them.',
      },
      {
        id: 'S61',
        says: 'A parameter is one string of valid UTF-8 and bounded length, or the request is refused.',
      },
      {
        id: 'S62',
        says: 'Known, unknown and blocked addresses get the same answers, do the same writes and take the same time until the address is proven.',
      },
      {
        id: 'S63',
        says: 'What a typed address shows is where its domain leads, not who is a guest.',
        deviates:
          'Guests who stay on a passcode at a domain federated later can be told from strangers of the domain (RR6 in SECURITY.md): asking everybody “code or partner?” would hide them, and few guests could answer.',
        knob: 'federate a domain before its guests redeem; `guestpass guests reset` sends one who did the way of the domain',
      },
    ],
  },
  {
    title: 'Audit, logs, supply chain',
    requirements: [
      {
        id: 'S64',
        says: 'Everything an auditor asks for is in the log and in an append-only table, with time, tenant, outcome and the row that decided.',
      },
      {
        id: 'S65',
        says: 'No log line and no table has a passcode, token, cookie, secret or, where it does not belong, a whole address: every test’s installation is looked through when it ends.',
      },
      {
        id: 'S66',
        says: 'Dependencies come from the lock file, without install scripts in production, at or above the versions that closed known holes; the container is not root and writes to one folder.',
      },
      {
        id: 'S67',
        says: 'A guest is told by mail when a new browser signs in after wrong passcodes, and when strong passcodes begin: one mail of each kind a day at most.',
      },
    ],
  },
  {
    title: 'Faults',
    requirements: [
      { id: 'F1', says: 'A database that is down at the start is waited for.' },
      {
        id: 'F2',
        says: 'A database that goes away costs a page that says try again, and no attempt.',
      },
      { id: 'F3', says: 'A slow database ends in 503, not in a queue.' },
      { id: 'F4', says: 'What may have been committed counts as committed.' },
      { id: 'F5', says: 'A mail that was promised is sent after a crash, once.' },
      { id: 'F6', says: 'A crash during delivery repeats the same mail with the same Message-ID.' },
      { id: 'F7', says: 'After a crash between proof and redirect the same browser goes on.' },
      { id: 'F8', says: 'What was answered survives a crash; a code is redeemed once after it.' },
      { id: 'F9', says: 'A silent, refusing or untrusted relay slows no page.' },
      { id: 'F10', says: 'A mail put off by the relay is tried again, same passcode.' },
      {
        id: 'F11',
        says: 'A mail refused for good is given up at once; only a guest with an invitation is told.',
      },
      {
        id: 'F12',
        says: 'The queue is bounded and never sends what has expired.',
        deviates:
          'One relay serves all tenants of an installation: when it is down, it is for all.',
        knob: 'an installation of its own',
      },
      { id: 'F13', says: 'With MySQL the database’s clock judges; a node’s own may be wrong.' },
      { id: 'F14', says: 'Clocks apart are told, and accept nothing wrong.' },
      { id: 'F15', says: 'A lost Galera node costs seconds; budgets never go back.' },
      { id: 'F16', says: 'Of two nodes that consume at once, one wins.' },
      { id: 'F17', says: 'A locked SQLite is waited for, then 503; nothing is lost.' },
      {
        id: 'F18',
        says: 'A full disk ends in 503 and mends itself when there is room; a full log disk stops nobody.',
        deviates:
          'The audit trail stays behind the requests: while its table cannot be written, the log is its copy and nobody is kept out.',
      },
      { id: 'F19', says: 'SIGTERM finishes what was begun; a rolling restart fails nobody.' },
      {
        id: 'F20',
        says: 'Faulty files change nothing: the last good set serves, and health says where.',
      },
      { id: 'F21', says: 'Keys that cannot be opened are told; nothing is signed with others.' },
      { id: 'F22', says: 'Rotation ends no token: old keys verify until the last has ended.' },
      { id: 'F23', says: 'A fault in one request ends that request.' },
      {
        id: 'F24',
        says: 'Migrations run once, at whichever nodes they are begun together, go on after kill -9, and refuse a database of a newer version.',
      },
      { id: 'F25', says: 'Tables, memory and descriptors stay flat while the purge runs.' },
    ],
  },
];
