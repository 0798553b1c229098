import assert from 'node:assert/strict';
import { SpanStatusCode } from '@opentelemetry/api';
import { GuestError } from '../../src/domain/errors.ts';
import {
  codeOfOutage,
  currentCause,
  currentTraceId,
  traced,
  traceRequest,
} from '../../src/telemetry/trace.ts';
import { drawTree, type Spans, startSpans } from '../support/spans.ts';

describe('traced', () => {
  it('does the work and records nothing without an SDK', async () => {
    const seen = await traced('passcode.issue', {}, async (step) => {
      step.note({ 'guestpass.outcome': 'sent' });
      return [currentTraceId(), currentCause()];
    });
    assert.deepEqual(seen, [undefined, undefined]);
    await assert.rejects(
      traced('passcode.issue', {}, () => Promise.reject(new Error('mine'))),
      /mine/,
    );
  });

  describe('with an SDK', () => {
    let spans: Spans;
    before(() => {
      spans = startSpans();
    });
    beforeEach(() => spans.reset());
    after(() => spans.stop());

    it('makes a child of the step around it, and none of what runs beside it', async () => {
      await Promise.all([
        traced('sign-in.decide', {}, () => traced('sign-in.discover', {}, async () => undefined)),
        traced('passcode.issue', {}, async () => undefined),
      ]);
      const lines = drawTree(spans.all(), []).split('\n');
      const at = lines.indexOf('  sign-in.discover');
      assert.equal(lines[at - 1], 'sign-in.decide');
      assert.ok(lines.includes('passcode.issue'));
    });

    it('begins a trace of its own where asked, with a link to its cause', async () => {
      const cause = await traced('passcode.issue', {}, async () => currentCause());
      await traced('sign-in.decide', {}, () =>
        traced('mail.deliver', { root: { cause } }, async () => undefined),
      );
      const mail = spans.all().find(({ name }) => name === 'mail.deliver');
      assert.equal(mail?.parentSpanContext, undefined);
      assert.deepEqual(
        mail?.links.map(({ context }) => context.spanId),
        [cause?.context.spanId],
      );
    });

    it('S65 keeps the code of a fault, and no text of it', async () => {
      const faults = [
        new GuestError('unavailable', { detail: { address: 'teri@gmail.com' } }),
        new Error('teri'),
      ];
      for (const fault of faults) {
        await assert.rejects(traced('passcode.verify', {}, () => Promise.reject(fault)));
      }
      const said = spans.all().map(({ status, events, attributes }) => {
        return [status.code, status.message, events.length, attributes['error.type']];
      });
      const { ERROR } = SpanStatusCode;
      assert.deepEqual(said, [
        [ERROR, 'unavailable', 0, 'unavailable'],
        [ERROR, 'internal', 0, 'internal'],
      ]);
    });

    it('takes a throw for an answer where it is told so', async () => {
      const options = { codeOf: codeOfOutage };
      for (const fault of [new Error('rolled back'), new GuestError('not_invited')]) {
        const work = () => Promise.reject(fault);
        await assert.rejects(traced('database.transaction', options, work));
      }
      assert.deepEqual(
        spans.all().map(({ status }) => status.code),
        [SpanStatusCode.UNSET, SpanStatusCode.UNSET],
      );
    });

    it('S65 lets no address and no query into an attribute, whoever hands it one', async () => {
      const slips = ['teri@gmail.com', '/a?code=12345678', 'two words', 'x'.repeat(200), ''];
      for (const slip of slips) {
        await traced(
          'sign-in.decide',
          { attributes: { 'guestpass.outcome': slip } },
          async (step) => {
            step.fail(slip);
          },
        );
        traceRequest(
          { method: slip, route: undefined, parent: undefined },
          () => ({}),
          () => {},
        )(200);
      }
      for (const span of spans.all()) {
        const { name, attributes, status } = span;
        const written = JSON.stringify([name, Object.values(attributes), status]);
        for (const slip of slips) assert.ok(slip === '' || !written.includes(slip), written);
      }
    });
  });
});
