// What is typed between Save and its answer is not replaced by the answer.
import { useEffect, useRef } from 'react';
import { useRecordContext } from 'react-admin';
import { useFormContext, useFormState } from 'react-hook-form';

type Values = Record<string, unknown>;

/** The values that differ from those that were sent: what was typed since. */
export function typedSince(sent: Values, now: Values): Values {
  return Object.fromEntries(Object.entries(now).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(sent[key])));
}

/** Puts what was typed meanwhile back after the form was filled with the answer; it is a change that is not saved. */
export function KeepTyping() {
  const { getValues, setValue } = useFormContext();
  const { isSubmitting } = useFormState();
  const record = useRecordContext();
  const sent = useRef<Values>(undefined);
  useEffect(() => {
    if (isSubmitting) sent.current = structuredClone(getValues());
  }, [isSubmitting, getValues]);
  const before = useRef(record);
  useEffect(() => {
    if (before.current === record) return undefined;
    before.current = record;
    if (!sent.current) return undefined;
    const typed = typedSince(sent.current, structuredClone(getValues()));
    sent.current = undefined;
    // the form takes the record in an effect of its own, which comes after this one
    const timer = setTimeout(() => {
      for (const [key, value] of Object.entries(typed)) setValue(key, value, { shouldDirty: true });
    });
    return () => clearTimeout(timer);
  }, [record, getValues, setValue]);
  return null;
}
