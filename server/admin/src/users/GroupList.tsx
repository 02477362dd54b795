import { DataTable, List } from 'react-admin';
import type { Group } from '../api/types';

/** The list of groups; groups are changed through the API. */
export default function GroupList() {
  return (
    <List sort={{ field: 'name', order: 'ASC' }} perPage={25} exporter={false}>
      <DataTable rowClick="show" bulkActionButtons={false}>
        <DataTable.Col source="name" sx={{ fontWeight: 600 }} />
        <DataTable.Col label="Permissions" disableSort render={(group: Group) => group.permissions.length} />
      </DataTable>
    </List>
  );
}
