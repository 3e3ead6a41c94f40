import type { Status } from '../contracts/status';
import type { Row } from './rows';
import { statusRows } from './rows';

/** Status as Markdown for Temporal's Current Details (which draws no boxes and pads no tables). */
export function statusMarkdown(status: Status): string {
  return statusRows(status).map(line).join('\n');
}

function line({ depth, tone, mark, text, code }: Row): string {
  const words = [mark, escapeMarkdown(text)].filter(Boolean).join(' ');
  const body = tone === 'strong' ? `**${words}**` : words;
  // its lists have one level
  const bullet = ['', '- ', '- ↳ '][depth];
  return `${bullet}${body}${code ? ` \`${code}\`` : ''}${depth === 0 ? '\n' : ''}`;
}

function escapeMarkdown(text: string): string {
  return text.replace(/[*_`[\]<>|\\]/g, '\\$&');
}
