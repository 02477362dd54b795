// One incident: what it means, which devices, what happened, and who takes it.
import { Button } from '@mui/material';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useCreatePath, useDataProvider, useGetOne, useNotify, usePermissions } from 'react-admin';
import { Link, useParams } from 'react-router-dom';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { ObjectHeader } from '../design/ObjectHeader';
import { Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import { Reference } from '../lists/Reference';
import { useChanges } from '../live/useLive';
import { sentence, toldOf, type Incident } from './healthTypes';
import { IncidentStatus } from './IncidentStatus';
import type { MonitoringProvider, Paged } from './operations';
import './monitoring.css';

function Say({ incident, done }: { incident: Incident; done(): void }) {
  const translate = useText();
  const provider = useDataProvider<MonitoringProvider>();
  const notify = useNotify();
  const [text, setText] = useState('');
  const acknowledge = incident.open && !incident.acknowledged_at;
  const { mutate, isPending } = useMutation({
    mutationFn: (take: boolean) => provider.sayOfIncident(incident.id, take, text),
    onSuccess: () => {
      setText('');
      done();
    },
    onError: (error) => notify(error instanceof Error ? error.message : String(error), { type: 'error' }),
  });
  return (
    <form
      className="w-say"
      onSubmit={(event) => {
        event.preventDefault();
        mutate(acknowledge);
      }}
    >
      <textarea aria-label={translate('Comment')} placeholder={acknowledge ? translate('What you do about it (may be empty)') : translate('Comment')} value={text} maxLength={2000} rows={2} onChange={(event) => setText(event.target.value)} />
      <Button type="submit" variant="outlined" disabled={isPending || (!acknowledge && !text.trim())}>
        {acknowledge ? translate('Take it') : translate('Comment')}
      </Button>
    </form>
  );
}

/** The pages of a list that have been read, the next one on demand. */
function usePages<T>(queryKey: string[], read: (page: number) => Promise<Paged<T>>) {
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: 1,
    getNextPageParam: (last, all) => (all.reduce((sum, { results }) => sum + results.length, 0) < last.count && last.results.length > 0 ? all.length + 1 : undefined),
  });
  const pages = query.data?.pages ?? [];
  return { ...query, rows: pages.flatMap(({ results }) => results), count: pages.at(-1)?.count ?? 0 };
}

/** Reads the next page, where there is one. */
function More({ of, word }: { of: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }; word: string }) {
  if (!of.hasNextPage) return null;
  return (
    <Button size="small" disabled={of.isFetchingNextPage} onClick={() => void of.fetchNextPage()}>
      {word}
    </Button>
  );
}

/** The page. */
export default function IncidentPage() {
  const say = useText();
  const { id = '' } = useParams();
  const createPath = useCreatePath();
  const provider = useDataProvider<MonitoringProvider>();
  const { permissions } = usePermissions();
  const { data: incident, error, refetch } = useGetOne<Incident>('incidents', { id });
  const timeline = usePages(['monitoring', 'incident', id, 'timeline'], (page) => provider.incidentTimeline(id, page));
  const cases = usePages(['monitoring', 'incident', id, 'cases'], (page) => provider.incidentCases(id, page));
  const again = () => {
    void refetch();
    void timeline.refetch();
    void cases.refetch();
  };
  useChanges('monitoring.incident', again, id);
  if (error) return <Failed reason={error instanceof Error ? error.message : undefined} onRetry={() => void refetch()} />;
  if (!incident) return <Loading />;
  return (
    <div className="w-edit">
      <ObjectHeader
        title={incident.cause ? say('%{label}, behind %{name}', { label: incident.label, name: incident.cause.name }) : incident.label}
        above={{ label: 'Incidents', to: createPath({ resource: 'incidents', type: 'list' }) }}
        pill={<IncidentStatus incident={incident} />}
        facts={
          <>
            <span>
              <Reference resource="organizations" id={incident.organization} />
            </span>
            <span>{incident.affected === incident.devices ? say('%{devices} affected', { devices: incident.devices }) : say('%{affected} of %{devices} still affected', { affected: incident.affected, devices: incident.devices })}</span>
            <span>
              {say('Began')}{' '}<Moment at={incident.started} />
            </span>
            {incident.ended && (
              <span>
                {say('Ended')}{' '}<Moment at={incident.ended} />
              </span>
            )}
          </>
        }
      />
      <div className="w-edit-contents w-stack">
      <Card title="What it means">
        <p>{incident.meaning}</p>
        {incident.cause && (
          <p>
            {say('Look at')}{' '}<Link to={`/devices/${incident.cause.id}/health`}>{incident.cause.name}</Link>{' '}{say('first.')}
          </p>
        )}
      </Card>
      <Card title="What happened">
        {timeline.error ? <Failed reason={timeline.error instanceof Error ? timeline.error.message : undefined} onRetry={() => void timeline.refetch()} /> : null}
        <More of={timeline} word="Show earlier" />
        <ol className="w-happened">
          {[...timeline.rows].reverse().map((entry) => (
            <li key={entry.id}>
              <Moment at={entry.at} /> <span>{sentence(entry)}</span>
            </li>
          ))}
        </ol>
        {permissions !== undefined && <Say incident={incident} done={again} />}
      </Card>
      <Card title="Devices" flush>
        {cases.error ? <Failed reason={cases.error instanceof Error ? cases.error.message : undefined} onRetry={() => void cases.refetch()} /> : null}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reached by the keyboard */}
        <div className="w-scroll" tabIndex={0} role="region" aria-label={say('Devices of the incident')}>
          <table className="w-plain">
            <thead>
              <tr>
                {['Device', 'Measured', 'Threshold', 'From', 'Until', 'People were told'].map((head) => (
                  <th key={head}>{head}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {cases.rows.map((one) => (
                <tr key={one.id}>
                  <td>
                    <Link to={`/devices/${one.device}/health`}>{one.device_name}</Link>
                  </td>
                  <td>{Number(one.value.toPrecision(5))}</td>
                  <td>{one.threshold}</td>
                  <td>
                    <Moment at={one.started} />
                  </td>
                  <td>{one.ended && <Moment at={one.ended} />}</td>
                  <td>{toldOf(one)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <More of={cases} word={say('%{number} of %{count}. Show more', { number: cases.rows.length, count: cases.count })} />
      </Card>
      </div>
    </div>
  );
}
