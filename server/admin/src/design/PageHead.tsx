import { type ReactNode, useEffect } from 'react';
import { useBrand } from './BrandContext';
import { productName } from './brand';
import { useText } from './useText';

/** Names the tab and the bookmarks of the browser after the page. */
export function useDocumentTitle(title: string | undefined) {
  const name = useBrand().name || productName;
  useEffect(() => {
    document.title = title && title !== name ? `${title} · ${name}` : name;
  }, [title, name]);
}

interface PageHeadProps {
  title: string;
  /** What belongs to the page as a whole, at the right. */
  children?: ReactNode;
}

/** The head of a page: its one h1, and its actions. */
export function PageHead({ title: english, children }: PageHeadProps) {
  const title = useText()(english);
  useDocumentTitle(title);
  return (
    <div className="w-head">
      <h1>{title}</h1>
      {children && <div className="w-head-actions">{children}</div>}
    </div>
  );
}
