// The images of a build: what they say of themselves, and how more of them arrive, in parts with progress.
import { Autocomplete, Button, TextField } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Download, Trash2, Upload as UploadIcon, X } from 'lucide-react';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useNotify } from 'react-admin';
import { useAttempt } from '../connection/attempt';
import { FileButton } from '../design/FileButton';
import { Ask } from '../design/Ask';
import { Card } from '../design/Card';
import { CopyButton } from '../design/Copyable';
import { Empty, Failed, Loading } from '../design/states';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import { bytes, imageLook } from './looks';
import type { FirmwareProvider } from './operations';
import type { Build, Image, ImageType } from './types';
import './firmware.css';

/** A file that is being sent. */
interface Sent {
  name: string;
  size: number;
  received: number;
  problem?: string;
  stop: AbortController;
}

/** The types of images, by name. */
export function useImageTypes() {
  const provider = useDataProvider<FirmwareProvider>();
  return useQuery({ queryKey: ['firmware', 'types'], queryFn: () => provider.imageTypes(), staleTime: 600_000 });
}

/** The type that a file's name ends with: the longest, as the server finds it. */
export function typeOfFile(types: ImageType[], name: string): ImageType | undefined {
  return types.filter(({ type }) => name.endsWith(type)).sort((a, b) => b.type.length - a.type.length)[0];
}

function One({ image, label, onChange }: { image: Image; label?: string; onChange(): void }) {
  const say = useText();
  const provider = useDataProvider<FirmwareProvider>();
  const change = useCanAccess({ resource: 'firmwareimages', action: 'edit' });
  const remove = useCanAccess({ resource: 'firmwareimages', action: 'delete' });
  const { busy, attempt } = useAttempt();
  const [asked, setAsked] = useState<'remove' | 'confirm'>();
  const then = (work: () => Promise<unknown>) =>
    void attempt(work).then(() => {
      setAsked(undefined);
      onChange();
    });
  return (
    <li className="f-image">
      <div>
        <div className="f-facts">
          <b>{label ?? image.type}</b>
          <Status {...imageLook(image)} />
        </div>
        <div className="f-facts w-secondary w-small">
          <span className="w-mono">{image.type}</span>
          <span>{bytes(image.size)}</span>
          {image.fw_version && <span>{image.fw_version}</span>}
          {image.target && <span>{image.target}</span>}
          {image.compatible.length > 0 && <span>{say('for %{compatible}', { compatible: image.compatible.join(', ') })}</span>}
        </div>
        {image.failure_reason && <div className="w-small w-field-problem">{image.failure_reason}</div>}
        <div className="f-facts w-muted w-small">
          <span>
            {say('SHA-256')}{' '}<span className="w-mono">{image.checksum.slice(0, 16)}…</span> <CopyButton text={image.checksum} label="checksum" />
          </span>
        </div>
      </div>
      <div className="f-actions">
        {image.extraction_status === 'invalid' && change.canAccess && (
          <Button size="small" variant="outlined" onClick={() => setAsked('confirm')}>
            {say('It is good…')}
          </Button>
        )}
        <Button size="small" component="a" href={image.file} startIcon={<Download size={14} />}>
          {say('Download')}
        </Button>
        {remove.canAccess && (
          <Button size="small" color="error" startIcon={<Trash2 size={14} />} onClick={() => setAsked('remove')}>
            {say('Delete…')}
          </Button>
        )}
      </div>
      {asked === 'remove' && (
        <Ask title="Delete this image?" verb="Delete" keep="Keep it" dangerous busy={busy} onDo={() => then(() => provider.removeImage(image.build, image.id))} onClose={() => setAsked(undefined)}>
          {say('Upgrades to it that have not begun to flash fail. Of devices that have it, it is not known any more what they have.')}
        </Ask>
      )}
      {asked === 'confirm' && (
        <Ask title="Is it good although it says that it is for other hardware?" verb="It is good" keep="Leave it" dangerous busy={busy} onDo={() => then(() => provider.confirmImage(image.build, image.id))} onClose={() => setAsked(undefined)}>
          {say('An image for other hardware makes a device unusable.')}
        </Ask>
      )}
    </li>
  );
}

function Add({ build, types, onDone }: { build: Build; types: ImageType[]; onDone(): void }) {
  const text = useText();
  const provider = useDataProvider<FirmwareProvider>();
  const notify = useNotify();
  const [files, setFiles] = useState<File[]>([]);
  const [type, setType] = useState<ImageType | null>(null);
  const [checksum, setChecksum] = useState('');
  const [sent, setSent] = useState<Sent[]>([]);
  const busy = sent.some(({ problem, received, size }) => !problem && received < size + 1);
  const known = files.map((file) => typeOfFile(types, file.name));
  const unknown = files.filter((_, n) => !known[n]);
  const update = (name: string, next: Partial<Sent>) => setSent((all) => all.map((one) => (one.name === name ? { ...one, ...next } : one)));
  const send = async () => {
    const all = files.map((file) => ({ name: file.name, size: file.size, received: 0, stop: new AbortController() }));
    setSent(all);
    let failed = 0;
    for (const [n, file] of files.entries()) {
      try {
        await provider.uploadImage(build.id, file, {
          type: known[n]?.type ?? type?.type, checksum: files.length === 1 ? checksum.trim() : '', signal: all[n].stop.signal, onProgress: (received) => update(file.name, { received }),
        });
        update(file.name, { received: file.size + 1 });
      } catch (error) {
        failed++;
        update(file.name, { problem: all[n].stop.signal.aborted ? 'given up' : error instanceof Error ? error.message : String(error) });
      }
      onDone();
    }
    if (failed === 0) {
      notify(files.length === 1 ? text('The image is there') : text('%{number} images are there', { number: files.length }), { type: 'success' });
      setSent([]);
    }
    setFiles([]);
    setChecksum('');
    setType(null);
  };
  return (
    <div className="f-add" role="group" aria-label={text('Add images')}>
      <div className="f-actions">
        <FileButton
          variant="outlined"
          label="Images"
          multiple
          disabled={busy}
          startIcon={<UploadIcon size={16} />}
          onFiles={(chosen) => {
            setFiles(chosen);
            setSent([]);
          }}
        >
          {text('Choose images')}
        </FileButton>
        {files.length > 0 && !busy && (
          <Button variant="contained" disabled={unknown.length > 0 && (files.length > 1 || !type)} onClick={() => void send()}>
            {files.length === 1 ? text('Send it') : text('Send %{number} images', { number: files.length })}
          </Button>
        )}
      </div>
      {sent.length === 0 &&
        files.map((file, n) => (
          <div key={file.name} className="f-facts">
            <b className="w-mono">{file.name}</b>
            <span className="w-secondary">{bytes(file.size)}</span>
            {known[n] ? <Status status="ok" word={text('for %{label}', { label: known[n].label })} /> : <Status status="problem" word="its name does not say for what" />}
          </div>
        ))}
      {files.length === 1 && !busy && (
        <div className="f-fields">
          {unknown.length > 0 && (
            <Autocomplete<ImageType>
              options={types}
              value={type}
              onChange={(_, value) => setType(value)}
              getOptionLabel={({ label }) => label}
              getOptionKey={({ type: name }) => name}
              isOptionEqualToValue={(a, b) => a.type === b.type}
              renderInput={(params) => <TextField {...params} label={text('For')} required />}
            />
          )}
          <TextField label={text('SHA-256')} value={checksum} onChange={({ target }) => setChecksum(target.value)} helperText={text('If you have it, it is compared')} fullWidth />
        </div>
      )}
      {files.length > 1 && unknown.length > 0 && <p className="w-field-problem">{text('Send images whose names do not say for what they are one by one.')}</p>}
      {sent.map((one) => (
        <div key={one.name} className="f-bar">
          <div className="f-facts">
            <b className="w-mono">{one.name}</b>
            <span className={one.problem ? 'w-field-problem' : 'w-secondary'} role="status">
              {one.problem ?? (one.received > one.size ? text('is there') : one.received === one.size ? text('is looked at') : text('%{received} of %{size}', { received: bytes(one.received), size: bytes(one.size) }))}
            </span>
            {!one.problem && one.received < one.size && (
              <Button size="small" startIcon={<X size={14} />} onClick={() => one.stop.abort()}>
                {text('Give it up')}
              </Button>
            )}
          </div>
          {!one.problem && <progress max={one.size} value={Math.min(one.received, one.size)} aria-label={text('Progress of %{name}', { name: one.name })} />}
        </div>
      ))}
    </div>
  );
}

/** The card. */
export function Images({ build }: { build: Build }) {
  const text = useText();
  const provider = useDataProvider<FirmwareProvider>();
  const queries = useQueryClient();
  const add = useCanAccess({ resource: 'firmwareimages', action: 'create' });
  const { data: types = [] } = useImageTypes();
  const { data, error, isPending, refetch } = useQuery({ queryKey: ['firmwarebuilds', 'images', build.id], queryFn: () => provider.images(build.id) });
  const again = () => void queries.invalidateQueries({ queryKey: ['firmwarebuilds', 'images', build.id] });
  return (
    <Card title="Images" note={data?.length.toLocaleString()} flush>
      {isPending && <Loading rows={2} />}
      {error && !data && <Failed reason={error.message} onRetry={() => void refetch()} />}
      {data?.length === 0 && <Empty title="No images yet">{text('An image is the file for one type of hardware: a sysupgrade image of OpenWrt, say. For what it is follows from its name.')}</Empty>}
      <ul className="c-rows">
        {data?.map((image) => (
          <One key={image.id} image={image} label={types.find(({ type }) => type === image.type)?.label} onChange={again} />
        ))}
      </ul>
      {add.canAccess && <Add build={build} types={types} onDone={again} />}
    </Card>
  );
}
