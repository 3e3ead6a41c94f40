import type { ConfigValues } from '../../contracts/config-set';

type Value = ConfigValues[string];
type Map = Record<string, Value>;

/**
 * Values from the general to the special: maps are merged, everything else is replaced whole, and so is a reference to
 * a secret.
 */
export function mergeValues(layers: readonly ConfigValues[]): ConfigValues {
  return layers.reduce<Map>((merged, layer) => mergeMaps(merged, layer), {});
}

function mergeMaps(general: Map, special: Map): Map {
  const names = [...new Set([...Object.keys(general), ...Object.keys(special)])];
  return Object.fromEntries(
    names.map((name) => {
      const [below, above] = [general[name], special[name]];
      if (above === undefined) return [name, below!];
      return [name, isMap(below) && isMap(above) ? mergeMaps(below, above) : above];
    }),
  );
}

const isMap = (value: Value | undefined): value is Map =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !('secret' in value);
