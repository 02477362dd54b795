// Which device has what of a category, and which builds have an image for it.
import { IconButton } from '@mui/material';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { useDataProvider, useGetOne } from 'react-admin';
import { Link, useParams } from 'react-router-dom';
import { Card } from '../design/Card';
import { ObjectHeader } from '../design/ObjectHeader';
import { Empty, Failed, Loading } from '../design/states';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import type { FirmwareProvider } from './operations';
import type { Category, Matrix } from './types';
import './firmware.css';

function Cell({ device, build }: { device: Matrix['devices'][number]; build: string }) {
  const say = useText();
  if (device.build === build) return device.installed ? <Status status="ok" word="has it" /> : <Status status="waiting" word="gets it" />;
  if (device.elsewhere) return <span className="w-muted">{say('other category')}</span>;
  return device.possible.includes(build) ? <span>{say('possible')}</span> : <span className="w-muted">{say('no image')}</span>;
}

/** The page. */
export default function MatrixPage() {
  const say = useText();
  const { id = '' } = useParams();
  const provider = useDataProvider<FirmwareProvider>();
  const [page, setPage] = useState(1);
  const { data: category } = useGetOne<Category>('firmwarecategories', { id }, { retry: false });
  const { data, error, isPending, refetch } = useQuery({ queryKey: ['firmwarecategories', 'matrix', id, page], queryFn: () => provider.matrix(id, page), placeholderData: keepPreviousData });
  return (
    <div className="w-edit">
      <ObjectHeader title="Devices and builds" above={{ label: category?.name ?? 'Category', to: `/firmwarecategories/${id}` }} facts={<span>{say('the newest twelve builds')}</span>} />
      <div className="w-edit-contents">
        <Card flush>
          {isPending && <Loading rows={6} />}
          {error && !data && <Failed reason={error.message} onRetry={() => void refetch()} />}
          {data?.devices.length === 0 && <Empty title="No devices">{say('Devices of the category’s organization stand here.')}</Empty>}
          {data && data.devices.length > 0 && (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard too
            <section className="f-matrix" tabIndex={0} aria-label={say('Devices and builds')}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">{say('Device')}</th>
                    <th scope="col">{say('Model')}</th>
                    {data.builds.map((build) => (
                      <th scope="col" key={build.id}>
                        <Link to={`/firmwarebuilds/${build.id}`}>{build.version}</Link>
                        <br />
                        <span className="w-small w-muted">{build.images === 1 ? say('1 image') : say('%{images} images', { images: build.images })}</span>
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {data.devices.map((device) => (
                    <tr key={device.device}>
                      <td>
                        <Link to={`/devices/${device.device}/firmware`}>{device.name}</Link>
                        <span className="f-model w-small w-muted">{device.model || say('not known')}</span>
                      </td>
                      <td>{device.model || <span className="w-muted">{say('not known')}</span>}</td>
                      {data.builds.map((build) => (
                        <td key={build.id}>
                          <Cell device={device} build={build.id} />
                        </td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            </section>
          )}
          {data && (data.more || page > 1) && (
            <div className="w-pager" style={{ padding: '8px 16px' }} role="navigation" aria-label={say('Pages of devices')}>
              <span>{say('Page %{page}', { page })}</span>
              <IconButton aria-label={say('Page before')} disabled={page <= 1} onClick={() => setPage(page - 1)}>
                <ChevronLeft size={16} />
              </IconButton>
              <IconButton aria-label={say('Next page')} disabled={!data.more} onClick={() => setPage(page + 1)}>
                <ChevronRight size={16} />
              </IconButton>
            </div>
          )}
        </Card>
      </div>
    </div>
  );
}
