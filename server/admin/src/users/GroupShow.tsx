import { Box, Chip, Typography } from '@mui/material';
import { Show, SimpleShowLayout, useRecordContext } from 'react-admin';
import type { Group } from '../api/types';
import { permissionsByModel } from './permissions';

function Permissions() {
  const group = useRecordContext<Group>();
  if (!group) return null;
  return (
    <Box sx={{ display: 'grid', gridTemplateColumns: { xs: '1fr', sm: 'max-content 1fr' }, gap: 1, columnGap: 3 }}>
      {permissionsByModel(group.permissions).map(({ model, names }) => (
        <Box key={model} sx={{ display: 'contents' }}>
          <Typography>{model}</Typography>
          <Box sx={{ display: 'flex', gap: 0.5, flexWrap: 'wrap' }}>
            {names.map((name) => (
              <Chip key={name} size="small" variant="outlined" label={name} />
            ))}
          </Box>
        </Box>
      ))}
    </Box>
  );
}

function Title() {
  const group = useRecordContext<Group>();
  return <span>{group?.name}</span>;
}

/** A group and what its members may do. */
export default function GroupShow() {
  return (
    <Show title={<Title />}>
      <SimpleShowLayout>
        <Permissions />
      </SimpleShowLayout>
    </Show>
  );
}
