import { createReadStream } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { PawlError } from '../contracts/failures';

export const LARGEST_INPUT = 256 * 1024;

export type JsonObject = Record<string, unknown>;

/**
 * Reads one object from a JSON or YAML file; `-` is stdin. What its fields may be is the workflow's matter.
 * Throws BadInput with `file:line:column` for each place that cannot be read.
 */
export async function readObject(file: string): Promise<JsonObject> {
  const name = file === '-' ? 'stdin' : file;
  return parseObject(decoded(await bytesOf(file, name), name), name);
}

/** @param name of the place that the text comes from, for messages */
export function parseObject(text: string, name: string): JsonObject {
  const lineCounter = new LineCounter();
  // JSON is YAML; this parser tells lines and refuses a key that stands there twice
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const mistakes = document.errors.map(({ pos: [at], message }) => {
    const { line, col } = lineCounter.linePos(at);
    return { code: 'unreadable', path: `${name}:${line}:${col}`, value: lineAt(text, line), rule: message };
  });
  if (mistakes.length) throw new PawlError('BadInput', `${name} cannot be read`, { mistakes });
  return asObject(document, name);
}

function asObject(document: ReturnType<typeof parseDocument>, name: string): JsonObject {
  let value: unknown;
  try {
    value = document.toJS();
    JSON.stringify(value);
  } catch (error) {
    // too many aliases, or one that holds itself
    throw new PawlError('BadInput', `${name} cannot be read: ${(error as Error).message}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  const found =
    value === null || value === undefined ? 'nothing' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
  throw new PawlError('BadInput', `${name} must hold one object, and holds ${found}`);
}

async function bytesOf(file: string, name: string): Promise<Buffer> {
  const stream = file === '-' ? process.stdin : createReadStream(file, { end: LARGEST_INPUT });
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of stream) {
      parts.push(part as Buffer);
      size += (part as Buffer).length;
      if (size > LARGEST_INPUT) break;
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : message;
    throw new PawlError('BadInput', `${name} cannot be read: ${why}`, undefined, { cause: error });
  }
  if (size > LARGEST_INPUT)
    throw new PawlError('BadInput', `${name} is too large: an input has at most ${LARGEST_INPUT / 1024} KiB`);
  return Buffer.concat(parts);
}

function decoded(bytes: Buffer, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new PawlError('BadInput', `${name} is not UTF-8 text`, undefined, { cause: error });
  }
}

function lineAt(text: string, line: number): string {
  return (text.split(/\r?\n/)[line - 1] ?? '').trim().slice(0, 80);
}
