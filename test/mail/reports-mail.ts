// Owns messages as mail servers send them about a mail of ours.

/** How a report differs from a failure that Postfix tells. */
export interface ReportShape {
  readonly id?: string;
  readonly action?: string;
  readonly status?: string;
  /** Where the id stands. */
  readonly idIn?: 'envelope' | 'message' | 'headers' | 'nowhere';
}

/** A delivery status notification (RFC 3464), as received. */
export function statusReport(shape: ReportShape = {}): Buffer {
  const { id = 'AAAAAAAAAAAAAAAAAAAAAA', action = 'failed', status = '5.1.1' } = shape;
  const { idIn = 'headers' } = shape;
  const original = [
    'From: "Contoso (via Guestpass)" <no-reply@guest.example>',
    'To: teri@gmail.example',
    'Subject: Your Contoso sign-in code',
    ...(idIn === 'headers' || idIn === 'message' ? [`Message-ID:\r\n <${id}@guest.example>`] : []),
  ];
  const part = idIn === 'message' ? 'message/rfc822' : 'text/rfc822-headers';
  return lines(
    'Return-Path: <>',
    'From: MAILER-DAEMON@mail.example (Mail Delivery System)',
    'To: bounces@guest.example',
    'Subject: Undelivered Mail Returned to Sender',
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"',
    '',
    '--b1',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    'I am sorry to have to inform you that your message could not be delivered.',
    '',
    '--b1',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; mail.example',
    ...(idIn === 'envelope' ? [`Original-Envelope-Id: ${id}`] : []),
    'Arrival-Date: Sun, 25 Oct 2026 14:02:01 +0000 (UTC)',
    '',
    'Final-Recipient: rfc822; teri@gmail.example',
    `Action: ${action}`,
    `Status: ${status}`,
    'Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does',
    '    not exist. Status: 4.0.0',
    '',
    '--b1',
    `Content-Type: ${part}`,
    '',
    ...original,
    '',
    ...(idIn === 'message' ? ['body', ''] : []),
    '--b1--',
    '',
  );
}

/** A complaint (RFC 5965), as received. */
export function complaint(id: string, type = 'abuse'): Buffer {
  return lines(
    'From: feedback@gmail.example',
    'To: bounces@guest.example',
    'Subject: FW: Your Contoso sign-in code',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=feedback-report; boundary="b2"',
    '',
    '--b2',
    'Content-Type: text/plain',
    '',
    'This is an email abuse report.',
    '--b2',
    'Content-Type: message/feedback-report',
    '',
    `Feedback-Type: ${type}`,
    'User-Agent: SomeGenerator/1.0',
    'Version: 1',
    '--b2',
    'Content-Type: message/rfc822',
    '',
    'From: no-reply@guest.example',
    `X-Entity-Ref-ID: ${id}`,
    '',
    'Your code is 40718823',
    '--b2--',
    '',
  );
}

function lines(...of: readonly string[]): Buffer {
  return Buffer.from(of.join('\r\n'), 'latin1');
}
