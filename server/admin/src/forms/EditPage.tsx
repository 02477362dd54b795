// The page of one object: its header, its form, the bar that saves; and what stands there when it cannot be shown.
import { Button } from '@mui/material';
import type { ReactNode } from 'react';
import { useState } from 'react';
import { CreateBase, EditContextProvider, Form, type RaRecord, RecordContextProvider, useCreatePath, useEditController, useNotify, useResourceContext, useSaveContext } from 'react-admin';
import { useFormContext } from 'react-hook-form';
import { Link } from 'react-router-dom';
import { Conflict } from '../api/conflict';
import { APIError } from '../api/errors';
import { ObjectHeader } from '../design/ObjectHeader';
import { PageHead } from '../design/PageHead';
import { useText } from '../design/useText';
import { Empty, Failed, Loading, Refused } from '../design/states';
import { ClosedOrganization } from './ClosedOrganization';
import { ConflictDialog } from './ConflictDialog';
import { Elsewhere } from './Elsewhere';
import { KeepTyping } from './KeepTyping';
import { wholeObject } from './FormParts';

interface EditPageProps<T extends RaRecord> {
  /** What it is, small: device. */
  what: string;
  transform?(data: Partial<T>, options: { previousData?: Partial<T> }): unknown;
  defaultValues?(record: T): Record<string, unknown>;
  header(record: T): ReactNode;
  /** The fields in which others may have saved it; without them all are compared. */
  compared?: string[];
  /** The bar at the bottom. */
  bar: ReactNode;
  /** What a change led to that has to be known; it stays above the contents until the next one. */
  aftermath?(record: T): ReactNode;
  children: ReactNode;
}

/** The page of an existing object. Nothing saved by others is replaced without being asked. */
export function EditPage<T extends RaRecord>({ what, transform, defaultValues, header, compared, bar, aftermath, children }: EditPageProps<T>) {
  const say = useText();
  const [after, setAfter] = useState<ReactNode>();
  const [conflict, setConflict] = useState<Conflict>();
  const resource = useResourceContext() ?? '';
  const createPath = useCreatePath();
  const notify = useNotify();
  const controller = useEditController<T, Error>({
    mutationMode: 'pessimistic',
    redirect: false,
    transform: transform as never,
    // a page says itself that there is nothing to show
    queryOptions: { ...wholeObject.queryOptions, onError: () => undefined } as never,
    mutationOptions: {
      ...wholeObject.mutationOptions,
      onSuccess: (saved: T) => {
        setAfter(aftermath?.(saved));
        notify('ra.notification.updated', { type: 'info', messageArgs: { smart_count: 1 } });
      },
      onError: (error: unknown) => {
        if (error instanceof Conflict) setConflict(error);
        else if (!(error instanceof APIError) || !error.body.errors || Object.keys(error.body.errors).length === 0) {
          notify(error instanceof Error ? error.message : String(error), { type: 'error', autoHideDuration: 8000 });
        }
      },
    },
  });
  const { record, error, refetch } = controller;
  const above = createPath({ resource, type: 'list' });
  if (!record) {
    const gone = error instanceof APIError && error.status === 404;
    const refused = error instanceof APIError && error.status === 403;
    return (
      <div className="w-page">
        {error && <PageHead title={say('This %{what} cannot be shown', { what: say(what) })} />}
        {!error && <Loading onRetry={() => void refetch()} />}
        {gone && (
          <Empty
            title={say('There is no such %{what}, or you may not see it', { what: say(what) })}
            action={
              <Button variant="outlined" component={Link} to={above}>
                {say('To the list')}
              </Button>
            }
          />
        )}
        {refused && <Refused>{error.message}</Refused>}
        {error && !gone && !refused && <Failed reason={error.message} onRetry={() => void refetch()} />}
      </div>
    );
  }
  return (
    <EditContextProvider value={controller}>
      <RecordContextProvider value={record}>
        <Form noValidate warnWhenUnsavedChanges formRootPathname={createPath({ resource, id: record.id, type: 'edit' })} defaultValues={defaultValues?.(record)} key={String(record.id)}>
          <div className="w-edit">
            {header(record)}
            <div className="w-edit-contents">
              <ClosedOrganization record={record} />
              <Elsewhere what={what} record={record} compared={compared} onRead={() => void refetch()} />
              {after}
              {children}
            </div>
            <KeepTyping />
            {bar}
          </div>
          {conflict && <ConflictResolution what={what} conflict={conflict} record={record} onClose={() => setConflict(undefined)} onRead={() => void refetch()} />}
        </Form>
      </RecordContextProvider>
    </EditContextProvider>
  );
}

function ConflictResolution({ what, conflict, record, onClose, onRead }: { what: string; conflict: Conflict; record: RaRecord; onClose(): void; onRead(): void }) {
  const { reset, getValues } = useFormContext();
  const { save } = useSaveContext();
  const notify = useNotify();
  return (
    <ConflictDialog
      what={what}
      conflict={conflict}
      before={record}
      onTheirs={() => {
        onClose();
        reset(conflict.now);
        onRead();
      }}
      onMine={() => {
        onClose();
        // react-admin keeps the answer under what was asked for, which is not what the page shows: it is read again
        const onSuccess = () => {
          notify('ra.notification.updated', { type: 'info', messageArgs: { smart_count: 1 } });
          onRead();
        };
        void save?.(getValues(), { meta: { detail: true, overwrite: true }, onSuccess });
      }}
      onClose={onClose}
    />
  );
}

interface CreatePageProps {
  title: string;
  list: string;
  transform?(data: never): unknown;
  defaultValues: Record<string, unknown>;
  bar: ReactNode;
  children: ReactNode;
  /** Goes on with what was made; without it its page is opened. */
  onCreated?(made: RaRecord): void;
}

/** The page that makes an object. */
export function CreatePage({ title, list, transform, defaultValues, bar, children, onCreated }: CreatePageProps) {
  const resource = useResourceContext() ?? '';
  const createPath = useCreatePath();
  const say = useText();
  return (
    <CreateBase redirect="edit" transform={transform as never} mutationOptions={onCreated && { onSuccess: onCreated }}>
      <Form noValidate warnWhenUnsavedChanges formRootPathname={createPath({ resource, type: 'create' })} defaultValues={defaultValues}>
        <div className="w-edit">
          <ObjectHeader title={say(title)} above={{ label: list, to: createPath({ resource, type: 'list' }) }} />
          <div className="w-edit-contents">{children}</div>
          {bar}
        </div>
      </Form>
    </CreateBase>
  );
}
