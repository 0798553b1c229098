// Owns the mail relay of the bench: a process that takes every mail and tells the driver its code.

import { SMTPServer } from 'smtp-server';

// Both servers send the code alone on a line of the text part, which no encoding for ASCII changes.
const CODE_LINE = /^([0-9]{8})\r?$/m;

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['AUTH', 'STARTTLS'],
  disableReverseLookup: true,
  logger: false,
  onData: (stream, session, done) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      // The server forgets the envelope as soon as it is told that the mail was taken.
      const to = session.envelope.rcptTo[0]?.address ?? '';
      done();
      const code = CODE_LINE.exec(Buffer.concat(chunks).toString('latin1'))?.[1] ?? null;
      process.send?.({ to, code });
    });
  },
});

server.listen(0, '127.0.0.1', () => {
  const address = server.server.address();
  process.send?.({ port: typeof address === 'object' && address ? address.port : 0 });
});
process.once('disconnect', () => process.exit());
