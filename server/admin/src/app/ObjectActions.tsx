import { Suspense } from 'react';
import { useFrame } from './ConcernsContext';

/** The buttons that other concerns add for what is selected in a list. */
export function BulkActions({ of }: { of: string }) {
  const { concerns } = useFrame();
  return (
    <Suspense>
      {concerns
        .flatMap((concern) => concern.bulk ?? [])
        .filter((action) => action.of === of)
        .map(({ Action }, index) => (
          <Action key={index} />
        ))}
    </Suspense>
  );
}

/** The buttons that other concerns add to the header of an object's page. */
export function ObjectActions({ of }: { of: string }) {
  const { concerns } = useFrame();
  return (
    <Suspense>
      {concerns
        .flatMap((concern) => concern.actions ?? [])
        .filter((action) => action.of === of)
        .map(({ Action }, index) => (
          <Action key={index} />
        ))}
    </Suspense>
  );
}
