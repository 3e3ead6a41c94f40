import type { Audience, MessageKind } from '../../../contracts/notifications';

/** A template for each event and audience, in one language. */
export type Texts = Record<MessageKind, Record<Audience, string>>;
