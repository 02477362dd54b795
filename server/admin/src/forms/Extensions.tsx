import { Suspense } from 'react';
import type { RaRecord } from 'react-admin';
import { useFrame } from '../app/ConcernsContext';

/** The fields that other concerns add to the form of a resource's object, where the record holds what they edit. */
export function ExtensionFields({ of, record }: { of: string; record: RaRecord }) {
  const { concerns } = useFrame();
  const extensions = concerns.flatMap((concern) => concern.extensions ?? []).filter((extension) => extension.of === of && record[extension.key]);
  return (
    <Suspense>
      {extensions.map(({ key, Fields }) => (
        <Fields key={key} />
      ))}
    </Suspense>
  );
}
