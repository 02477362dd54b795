// The first page: the cards that the concerns give it, each for those who may see what it shows.
import { Suspense } from 'react';
import { usePermissions } from 'react-admin';
import { holds } from '../api/session';
import type { Session } from '../api/types';
import { PageHead } from '../design/PageHead';
import { Refused } from '../design/states';
import { useText } from '../design/useText';
import type { OverviewPart } from './concern';
import { useFrame } from './ConcernsContext';

/** The overview. */
export default function Overview() {
  const { concerns } = useFrame();
  const say = useText();
  const { permissions: session } = usePermissions<Session>();
  if (!session) return null;
  const sees = ({ model }: OverviewPart) => !model || ['view', 'change'].some((verb) => holds(session, `${model.app}.${verb}_${model.model}`));
  const parts = concerns.flatMap((concern) => concern.overview ?? []).filter(sees).sort((a, b) => (a.order ?? 100) - (b.order ?? 100));
  const at = (place: OverviewPart['place']) =>
    parts.filter((part) => part.place === place).map(({ Part }, index) => (
      <Suspense key={index}>
        <Part />
      </Suspense>
    ));
  return (
    <div className="w-page">
      <PageHead title="Overview" />
      {parts.length === 0 ? (
        <Refused title="There is nothing here that you may see">{say('Your account has no group with a permission yet. An administrator can add you to one.')}</Refused>
      ) : (
        <div className="w-stack">
          {at('top')}
          <div className="w-columns">
            <div className="w-stack">{at('main')}</div>
            <div className="w-stack">{at('side')}</div>
          </div>
        </div>
      )}
    </div>
  );
}
