import { CreateButton, DataTable, List, TopToolbar } from 'react-admin';
import type { Group } from '../types';
import { RecordLink } from '../../lists/RecordLink';

/** The list of groups. */
export default function GroupList() {
  return (
    <List
      actions={
        <TopToolbar>
          <CreateButton />
        </TopToolbar>
      }
      sort={{ field: 'name', order: 'ASC' }}
      perPage={25}
      exporter={false}
    >
      <DataTable rowClick="edit" bulkActionButtons={false}>
        <DataTable.Col source="name" disableSort field={RecordLink} />
        <DataTable.Col label="Permissions" disableSort render={(group: Group) => group.permissions.length} />
      </DataTable>
    </List>
  );
}
