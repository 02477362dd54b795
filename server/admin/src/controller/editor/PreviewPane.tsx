import { Alert, Box, LinearProgress, Typography } from '@mui/material';
import type { PreviewState } from './usePreview';

/** The rendered configuration beside what is being edited. */
export function PreviewPane({ state }: { state: PreviewState }) {
  const { preview, problem, pending } = state;
  return (
    <Box
      component="section"
      aria-label="Preview"
      sx={{
        position: { lg: 'sticky' },
        top: { lg: 200 },
        border: 1,
        borderColor: 'divider',
        borderRadius: '10px',
        overflow: 'hidden',
        backgroundColor: 'background.paper',
        minWidth: 0,
      }}
    >
      <Box sx={{ display: 'flex', alignItems: 'baseline', gap: 1, px: 1.5, py: 1, borderBottom: 1, borderColor: 'divider' }}>
        <Typography variant="subtitle2" component="h2" sx={{ flexGrow: 1 }}>
          Preview
        </Typography>
        {preview && !problem && (
          <Typography
            variant="caption"
            color="text.secondary"
            noWrap
            sx={{ fontFamily: 'monospace' }}
            title="MD5 checksum of the archive a device would download"
          >
            {preview.checksum} · {preview.size} bytes
          </Typography>
        )}
      </Box>
      <LinearProgress sx={{ visibility: pending ? 'visible' : 'hidden', height: 2 }} />
      {problem && (
        <Alert severity="error" sx={{ borderRadius: 0 }}>
          {problem.pointer && (
            <Box component="code" sx={{ display: 'block', fontWeight: 600 }}>
              {problem.pointer}
            </Box>
          )}
          <Box component="span" sx={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {problem.message}
          </Box>
        </Alert>
      )}
      <Box
        component="pre"
        data-testid="preview"
        tabIndex={0}
        aria-label="Rendered configuration"
        sx={{
          m: 0,
          p: 1.5,
          fontFamily: 'var(--w-mono)',
          fontSize: 12,
          lineHeight: '18px',
          backgroundColor: 'var(--w-sunken)',
          overflow: 'auto',
          maxHeight: { xs: 420, lg: 'calc(100vh - 330px)' },
          minHeight: 120,
          opacity: problem ? 0.4 : 1,
          tabSize: 4,
        }}
      >
        {preview ? preview.rendered || '(nothing is configured)' : 'The rendered configuration appears here.'}
      </Box>
    </Box>
  );
}
