// From page to page of what a plan or a rollout has.
import { IconButton } from '@mui/material';
import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useText } from '../design/useText';
import { perPage } from './operations';

/** The pager; nothing where one page is enough. */
export function Pager({ of, count, page, onPage }: { of: string; count: number; page: number; onPage(page: number): void }) {
  const say = useText();
  const pages = Math.max(1, Math.ceil(count / perPage));
  if (pages === 1) return null;
  return (
    <div className="w-pager" style={{ padding: '8px 16px' }} role="navigation" aria-label={say('Pages of %{of}', { of })}>
      <span>
        {say('Page %{page} of %{pages}', { page, pages })}
      </span>
      <IconButton aria-label={say('Page before')} disabled={page <= 1} onClick={() => onPage(page - 1)}>
        <ChevronLeft size={16} />
      </IconButton>
      <IconButton aria-label={say('Next page')} disabled={page >= pages} onClick={() => onPage(page + 1)}>
        <ChevronRight size={16} />
      </IconButton>
    </div>
  );
}
