/** A file that grows by one JSON line for each message, for whoever shows it inside another program. */
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes at the end in which a message that was sent before is looked for. */
const TAIL = 256 * 1024;

/**
 * @param record one line of JSON with the message's id
 * @returns what was done, in words
 */
export async function appendRecord(folder: string, record: string, id: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o750 });
  const file = await open(join(folder, 'notifications.jsonl'), 'a+', 0o640);
  try {
    const tail = await tailOf(file);
    if (idsIn(tail).includes(id)) return 'it is there already';
    // a line that was cut off with its writer would swallow this one
    const joint = tail === '' || tail.endsWith('\n') ? '' : '\n';
    await file.appendFile(`${joint}${record}\n`);
    await file.sync();
    return 'written';
  } finally {
    await file.close();
  }
}

async function tailOf(file: FileHandle): Promise<string> {
  const { size } = await file.stat();
  const length = Math.min(size, TAIL);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.toString('utf8', 0, bytesRead);
}

function idsIn(text: string): unknown[] {
  return text.split('\n').flatMap((line) => {
    try {
      return [(JSON.parse(line) as { id?: unknown } | null)?.id];
    } catch {
      return [];
    }
  });
}
