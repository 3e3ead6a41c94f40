import type { Connection } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes';

type Name = keyof typeof SEARCH_ATTRIBUTES;
type Operator = Pick<Connection | NativeConnection, 'operatorService'>;

/** Numbers of Temporal's API for the types that we use. */
const TYPE_NUMBERS: Record<(typeof SEARCH_ATTRIBUTES)[Name], number> = {
  Keyword: 2,
  Double: 4,
  KeywordList: 7,
};

/** What a namespace has of our search attributes. */
export interface SearchAttributeState {
  missing: Name[];
  /** of these names, with another type: no run can set them */
  unfit: Name[];
}

/** A run that sets an attribute which the server does not know hangs in its workflow task for ever. */
export async function searchAttributeState(
  { operatorService }: Operator,
  namespace: string,
): Promise<SearchAttributeState> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const there: Record<string, number> = customAttributes ?? {};
  const names = Object.keys(SEARCH_ATTRIBUTES) as Name[];
  return {
    missing: names.filter((name) => there[name] === undefined),
    unfit: names.filter((name) => there[name] !== undefined && there[name] !== typeNumber(name)),
  };
}

export async function registerSearchAttributes(
  { operatorService }: Operator,
  namespace: string,
  names: readonly Name[],
): Promise<void> {
  const searchAttributes = Object.fromEntries(names.map((name) => [name, typeNumber(name)]));
  await operatorService.addSearchAttributes({ namespace, searchAttributes });
}

/** For people who may register them where we may not. Temporal Cloud has a tool of its own. */
export function registeringCommands(names: readonly Name[], namespace: string, address: string): string[] {
  if (/\.(tmprl\.cloud|temporal\.io)(:\d+)?$/.test(address)) {
    const each = names.map((name) => `--search-attribute "${name}=${SEARCH_ATTRIBUTES[name]}"`);
    return [`tcld namespace search-attributes add --namespace ${namespace} ${each.join(' ')}`];
  }
  return names.map(
    (name) =>
      `temporal operator search-attribute create --address ${address} --namespace ${namespace} --name ${name} --type ${SEARCH_ATTRIBUTES[name]}`,
  );
}

const typeNumber = (name: Name) => TYPE_NUMBERS[SEARCH_ATTRIBUTES[name]];
