import { CHATS, dingtalkSignature, feishuSignature } from '../../../src/adapters/notifications/vendors/chats';
import { webhookSignature } from '../../../src/adapters/notifications/vendors/webhook';

it('a webhook is signed as Standard Webhooks sign', () => {
  // the example of that standard's own libraries: github.com/standard-webhooks/standard-webhooks, test "sign function works"
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
  expect(webhookSignature(secret, id, 1_614_265_330, '{"test": 2432232314}')).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

it('DingTalk wants the secret as key, over time and secret', () => {
  // the vendor shows the rule with "this is secret" and the time of day, and no value to compare; computed by
  // S=SEC-pawl-example-secret; printf '%s\n%s' 1700000000000 $S | openssl dgst -sha256 -hmac $S -binary | base64
  expect(dingtalkSignature('SEC-pawl-example-secret', 1_700_000_000_000)).toBe(
    'XePPktqlN2PJZRLBnLsMuqooHH50SA/nPB6/u2qCqlw=',
  );
  const { url } = CHATS.dingtalk.request('https://oapi.test/robot/send?access_token=t', 'x', 'secret', 5);
  const { searchParams } = new URL(url);
  expect(Object.fromEntries(searchParams)).toEqual({
    access_token: 't',
    timestamp: '5',
    sign: dingtalkSignature('secret', 5),
  });
  // what base64 has and a query has not
  expect(url).not.toMatch(/sign=[^&]*[+/=]/);
});

it('Feishu wants time and secret as key, over nothing', () => {
  // the vendor shows the rule in code, and no value to compare; computed by
  // printf '' | openssl dgst -sha256 -hmac "$(printf '%s\n%s' 1700000000 pawl-feishu-secret)" -binary | base64
  expect(feishuSignature('pawl-feishu-secret', 1_700_000_000)).toBe(
    'JCMIqpZENrW2NsLpi4MjWtr4Jom7Z1Bk6T4eoCQbYQA=',
  );
  const { body } = CHATS.feishu.request('https://open.test/hook', 'x', 'secret', 1_700_000_000_999);
  expect(JSON.parse(body)).toEqual({
    timestamp: '1700000000',
    sign: feishuSignature('secret', 1_700_000_000),
    msg_type: 'text',
    content: { text: 'x' },
  });
});

it.each([
  { chat: 'slack', text: '<!channel> a & b', sent: '&lt;!channel&gt; a &amp; b' },
  { chat: 'feishu', text: '<at user_id="all">x</at>', sent: '＜at user_id="all">x＜/at>' },
] as const)('nobody is called by what a host says: $chat', ({ chat, text, sent }) => {
  const { body } = CHATS[chat].request('https://chat.test/', text, undefined, 0);
  expect(body).toContain(JSON.stringify(sent));
});
