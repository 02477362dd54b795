// What people say about a plan.
import { Button, TextField } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useDataProvider } from 'react-admin';
import { useAttempt } from '../connection/attempt';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { useText } from '../design/useText';
import type { PlanProvider } from './operations';

/** The comments of a plan, and a field for one more. */
export function Comments({ plan }: { plan: string }) {
  const say = useText();
  const provider = useDataProvider<PlanProvider>();
  const queries = useQueryClient();
  const [text, setText] = useState('');
  const { busy, attempt } = useAttempt();
  const { data } = useQuery({ queryKey: ['plans', 'comments', plan], queryFn: () => provider.planComments(plan) });
  return (
    <Card title="Comments" note={data?.count.toLocaleString()}>
      {data?.results.map((comment) => (
        <p key={comment.id}>
          <b>{comment.actor}</b> <Moment at={comment.created} />
          <br />
          {comment.text}
        </p>
      ))}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(() => provider.commentPlan(plan, text)).then((done) => {
            if (done) setText('');
            return queries.invalidateQueries({ queryKey: ['plans', 'comments', plan] });
          });
        }}
      >
        <TextField label={say('Comment')} value={text} onChange={({ target }) => setText(target.value)} multiline minRows={2} slotProps={{ htmlInput: { maxLength: 10000 } }} fullWidth />
        <Button type="submit" variant="outlined" disabled={busy || !text.trim()}>
          {say('Say it')}
        </Button>
      </form>
    </Card>
  );
}
