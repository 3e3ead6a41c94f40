import fc from 'fast-check';
import type { Amount } from '../../src/contracts/inputs/common';
import { planBatches, unavailableCap } from '../../src/domain/batches';

const hosts = (count: number) => Array.from({ length: count }, (_, index) => `n${index + 1}`);

describe('planBatches', () => {
  it.each<{ amounts: Amount[]; of: number; carrying?: number; sizes: number[]; notes?: number }>([
    { amounts: [1, '30%', '100%'], of: 6, sizes: [1, 1, 4] },
    { amounts: [1, '30%', '100%'], of: 10, sizes: [1, 2, 7] },
    { amounts: [1, '30%', '100%'], of: 2, sizes: [1, 1], notes: 1 },
    { amounts: ['100%'], of: 6, sizes: [6] },
    { amounts: ['1%', '100%'], of: 6, sizes: [1, 5] },
    { amounts: [2, 4, 6], of: 6, sizes: [2, 2, 2] },
    { amounts: [1, '30%', '100%'], of: 6, carrying: 2, sizes: [4], notes: 2 },
    { amounts: [1, '30%', '100%'], of: 6, carrying: 6, sizes: [], notes: 3 },
  ])('$amounts of $of hosts, $carrying carrying → $sizes', ({ amounts, of, carrying, sizes, notes = 0 }) => {
    const plan = planBatches(amounts, hosts(of), carrying);
    expect(plan.mistakes).toEqual([]);
    expect(plan.batches.map(({ adds }) => adds.length)).toEqual(sizes);
    expect(plan.notes).toHaveLength(notes);
  });

  it.each<{ amounts: Amount[]; of: number; code: string; path: string }>([
    { amounts: ['50%', '30%', '100%'], of: 6, code: 'doesNotRise', path: 'batches.1' },
    { amounts: [1, '30%'], of: 6, code: 'incomplete', path: 'batches.1' },
    { amounts: [1, 7], of: 6, code: 'outOfRange', path: 'batches.1' },
    { amounts: [1], of: 2, code: 'incomplete', path: 'batches.0' },
  ])('$amounts of $of → $code at $path', ({ amounts, of, code, path }) => {
    expect(planBatches(amounts, hosts(of)).mistakes).toEqual([expect.objectContaining({ code, path })]);
  });

  const amount = fc.oneof(
    fc.integer({ min: 1, max: 50 }),
    fc.integer({ min: 1, max: 100 }).map((share): Amount => `${share}%`),
  );
  it('changes each host that lacks the change exactly once and in order, or tells a mistake', () => {
    fc.assert(
      fc.property(
        fc.array(amount, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 50 }),
        fc.nat(50),
        (amounts, of, carried) => {
          const carrying = Math.min(carried, of);
          const plan = planBatches(amounts, hosts(of), carrying);
          if (plan.mistakes.length) return;
          expect(plan.batches.flatMap(({ adds }) => adds)).toEqual(hosts(of).slice(carrying));
          expect(plan.batches.every(({ adds }) => adds.length > 0)).toBe(true);
          expect(plan.batches.length + plan.notes.length).toBe(amounts.length);
        },
      ),
    );
  });
});

describe('unavailableCap', () => {
  it.each<[Amount, number, number]>([
    [1, 6, 1],
    ['30%', 6, 1],
    ['50%', 5, 2],
    ['1%', 6, 1],
    [3, 6, 3],
  ])('%p of %p hosts is %p', (amount, total, cap) => expect(unavailableCap(amount, total)).toBe(cap));
});
