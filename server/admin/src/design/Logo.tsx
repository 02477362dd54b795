import { Box, Typography } from '@mui/material';
import { useBrand } from './BrandContext';
import { productName } from './brand';

/** The mark: a wisp of signal above its source. */
export function Mark({ size = 32 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" fill="#0e4a5c" />
      <g fill="none" strokeLinecap="round" strokeWidth="2.6">
        <path d="M6.2 13.4a13.8 13.8 0 0 1 19.6 0" stroke="#7fd1c7" />
        <path d="M10.4 17.8a7.9 7.9 0 0 1 11.2 0" stroke="#fff" />
        <path d="M16 22.2v4.3" stroke="#ffb442" />
      </g>
      <circle cx="16" cy="21.6" r="2.1" fill="#ffb442" />
    </svg>
  );
}

/** The installation's own picture, or the mark. The name stands beside it, so it has no words of its own. */
export function Emblem({ size = 32, logo }: { size?: number; logo: string }) {
  return logo ? <img className="w-emblem" src={logo} alt="" style={{ height: size, maxWidth: size * 5 }} /> : <Mark size={size} />;
}

/** The emblem with the name. */
export function Logo({ size = 32 }: { size?: number }) {
  const { name, logo } = useBrand();
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', gap: 1.25 }}>
      <Emblem size={size} logo={logo} />
      <Typography component="span" sx={{ fontWeight: 700, fontSize: size * 0.58, letterSpacing: '-0.01em' }}>
        {name || productName}
      </Typography>
    </Box>
  );
}
