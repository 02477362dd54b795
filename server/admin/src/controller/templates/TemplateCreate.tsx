// The page of a new template: what it should do, the few answers of that, who gets it, and what comes out.
import { Button } from '@mui/material';
import { ChevronsUpDown } from 'lucide-react';
import { useState } from 'react';
import { CreateBase, Form, SaveButton, useCreatePath, useResourceContext } from 'react-admin';
import { useFormContext, useWatch } from 'react-hook-form';
import { Link, useLocation, useSearchParams } from 'react-router-dom';
import { pointerSegments } from '../../api/errors';
import { SaveBar } from '../../design/Bars';
import { Card } from '../../design/Card';
import { useDocumentTitle } from '../../design/PageHead';
import { Status } from '../../design/Status';
import { CreatePage } from '../../forms/EditPage';
import { FormProblems, FormToolbar } from '../../forms/FormParts';
import { defaultBackend } from '../backends';
import { PreviewPane } from '../editor/PreviewPane';
import { usePreview } from '../editor/usePreview';
import { FieldInput } from '../tasks/FieldInput';
import { Gallery } from '../tasks/Gallery';
import { partsOf, taskOf } from '../tasks/gallery';
import { icons } from '../tasks/icons';
import { fieldOf } from '../tasks/places';
import { TaskForm } from '../tasks/TaskForm';
import type { AnyTask } from '../tasks/task';
import { taskTexts as tasks } from '../tasks/texts';
import { useText } from '../../design/useText';
import { OwnerInput } from './OwnerInput';
import { previewOf, TemplateForm, templateBody, type TemplateValues } from './TemplateForm';
import { templateTexts as t } from './texts';
import { WhoInput } from './WhoInput';

const first = 'wifi';

/** The page. The task is in the address; "empty" is the form of everything. */
export default function TemplateCreate() {
  const [search, setSearch] = useSearchParams();
  // a copy comes with the values of what it is copied from
  const copy = (useLocation().state as { record?: unknown } | null)?.record !== undefined;
  const chosen = search.get('task') ?? (copy ? 'empty' : first);
  const task = taskOf(chosen);
  // on a telephone the gallery is folded to what is chosen
  const [open, setOpen] = useState(false);
  useDocumentTitle(task?.title ?? t.emptyTitle);
  const say = useText();
  const choose = (next: AnyTask | undefined) => {
    setSearch({ task: next?.id ?? 'empty' }, { replace: true });
    setOpen(false);
  };
  const Icon = task && icons[task.icon];
  return (
    <div className="t-page">
      <aside className={open ? 't-side' : 't-side t-closed'} aria-labelledby="t-question">
        <h2 id="t-question">{say(tasks.question)}</h2>
        <button type="button" className="t-choose" aria-expanded={open} onClick={() => setOpen(!open)}>
          {Icon && <Icon size={20} strokeWidth={1.5} aria-hidden="true" />}
          <span className="w-grow">{say(task?.title ?? t.emptyTitle)}</span>
          <ChevronsUpDown size={16} aria-hidden="true" />
        </button>
        <Gallery chosen={task ? chosen : 'empty'} empty onChoose={choose} />
      </aside>
      {task ? <TaskPage key={task.id} task={task} /> : <EmptyPage />}
    </div>
  );
}

const blank: TemplateValues = { name: '', type: 'generic', backend: defaultBackend, default: false, required: false, tag_names: [], default_values: {}, config: {} };

/** The form of everything: for what no task has, and for the copy of a template. */
function EmptyPage() {
  return (
    <div className="t-empty">
      <CreatePage title={t.emptyTitle} list={t.all} transform={templateBody} defaultValues={blank} bar={<FormToolbar create verb={t.save} />}>
        <TemplateForm create />
      </CreatePage>
    </div>
  );
}

function TaskPage({ task }: { task: AnyTask }) {
  const resource = useResourceContext() ?? '';
  const createPath = useCreatePath();
  return (
    <CreateBase redirect="edit" transform={templateBody}>
      <Form defaultValues={blank} warnWhenUnsavedChanges noValidate formRootPathname={createPath({ resource, type: 'create' })} className="t-contents">
        <Answers task={task} />
      </Form>
    </CreateBase>
  );
}

/** What a template is called when nobody says: what it does, and the name of that. */
function nameFor(task: AnyTask, answers: unknown): string {
  return `${task.title} ${task.name(answers)}`.trim().slice(0, 64);
}

function Answers({ task }: { task: AnyTask }) {
  const resource = useResourceContext();
  const { setValue, getFieldState, formState } = useFormContext();
  const values = useWatch() as TemplateValues;
  const say = useText();
  const [answers, setAnswers] = useState<unknown>(task.blank);
  const [named, setNamed] = useState(false);
  const wrong = Object.keys(task.problems(answers)).length;
  const complete = wrong === 0;
  const preview = usePreview(complete ? previewOf(values) : undefined);
  const strict = formState.submitCount > 0;
  const part = partsOf(values.config ?? {}).parts[0];
  const found: Record<string, string> = {};
  for (const { pointer, message } of complete ? (preview.problem?.places ?? []) : []) {
    const field = part && fieldOf(part, pointerSegments(pointer));
    if (field) found[field] = message;
  }
  const answer = (next: unknown) => {
    setAnswers(next);
    const ready = Object.keys(task.problems(next)).length === 0;
    setValue('config', ready ? task.toNetJSON({}, next) : {}, { shouldDirty: true });
    if (!named) setValue('name', nameFor(task, next), { shouldDirty: true });
  };
  return (
    <>
      <div className="t-middle">
        <div className="t-scroll">
          <div className="t-column">
            <div>
              <p className="t-path">
                <Link to={`/${resource}`}>{say(t.all)}</Link> › {say(t.create)}
              </p>
              <h1>{say(task.title)}</h1>
              <p className="w-secondary">{say(task.intro)}</p>
            </div>
            <FormProblems />
            <Card>
              <TaskForm task={task} values={answers} onChange={answer} strict={strict} found={found} backend={values.backend ?? ''} />
            </Card>
            <Card title={t.who}>
              <OwnerInput source="organization" />
              <WhoInput />
              <FieldInput
                id="template-name"
                label={say(t.name)}
                kind="text"
                value={values.name ?? ''}
                onChange={(next) => {
                  setNamed(next !== '');
                  setValue('name', next, { shouldDirty: true });
                }}
                problem={getFieldState('name', formState).error?.message ?? (strict && !values.name ? say(t.nameNeeded) : undefined)}
              />
            </Card>
          </div>
        </div>
        <div className="t-bar">
          <SaveBar state={complete ? <Status status="ok" word={t.complete} /> : <span>{say(t.missing, { smart_count: wrong })}</span>}>
            <Button color="inherit" component={Link} to={`/${resource}`}>
              {say(t.discard)}
            </Button>
            <SaveButton label={say(t.save)} icon={<></>} disabled={!complete} alwaysEnable={complete} />
          </SaveBar>
        </div>
      </div>
      <aside className="t-preview">
        <PreviewPane state={preview} sticky={false} />
      </aside>
    </>
  );
}
