import { Box, ButtonBase, Typography, useTheme } from '@mui/material';
import { arcs } from './arcs';

export interface Slice {
  id: string;
  label: string;
  value: number;
  color: string;
  onClick?: () => void;
}

/** A doughnut with its total in the middle and a legend; slices and legend entries can be clicked. */
export function Doughnut({ slices, total, unit }: { slices: Slice[]; total: number; unit: string }) {
  const theme = useTheme();
  const shown = slices.filter((slice) => slice.value > 0);
  const paths = arcs(shown.map((slice) => slice.value), 100, 62);
  return (
    <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', justifyContent: 'center', gap: 4 }}>
      <svg viewBox="-104 -104 208 208" width={230} height={230} role="img" aria-label={`${total} ${unit} by status`}>
        {shown.length === 0 && <circle r={81} fill="none" stroke={theme.palette.divider} strokeWidth={38} />}
        {shown.map((slice, index) => (
          <path
            key={slice.id}
            d={paths[index]}
            fill={slice.color}
            fillRule="evenodd"
            stroke={theme.palette.background.paper}
            strokeWidth={1.5}
            onClick={slice.onClick}
            style={{ cursor: slice.onClick ? 'pointer' : 'default' }}
          >
            <title>{`${slice.label}: ${slice.value}`}</title>
          </path>
        ))}
        <text textAnchor="middle" y={4} fontSize={34} fontWeight={700} fill={theme.palette.text.primary}>
          {total}
        </text>
        <text textAnchor="middle" y={26} fontSize={14} fill={theme.palette.text.secondary}>
          {unit}
        </text>
      </svg>
      <Box sx={{ display: 'grid', gap: 0.25, minWidth: 200 }}>
        {slices.map((slice) => (
          <ButtonBase
            key={slice.id}
            disabled={!slice.onClick}
            onClick={slice.onClick}
            aria-label={`${slice.label}: ${slice.value}`}
            sx={{ display: 'flex', gap: 1.25, px: 1, py: 0.5, borderRadius: 1, justifyContent: 'flex-start', '&:hover': { backgroundColor: 'action.hover' } }}
          >
            <Box sx={{ width: 12, height: 12, borderRadius: '3px', backgroundColor: slice.color, border: '1px solid rgba(127,127,127,.4)' }} />
            <Typography variant="body2" sx={{ flexGrow: 1, textAlign: 'left' }}>
              {slice.label}
            </Typography>
            <Typography variant="body2" sx={{ fontWeight: 600, fontVariantNumeric: 'tabular-nums' }}>
              {slice.value}
            </Typography>
          </ButtonBase>
        ))}
      </Box>
    </Box>
  );
}
