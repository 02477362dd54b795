// The button of the list of devices that leads to a mass command for those that are selected, or that the filters leave.
import { Button } from '@mui/material';
import { SquareTerminal } from 'lucide-react';
import { useCanAccess, useListContext } from 'react-admin';
import { useNavigate } from 'react-router-dom';
import { useText } from '../design/useText';

/** The button. */
export default function BulkCommand() {
  const say = useText();
  const add = useCanAccess({ resource: 'batchcommands', action: 'create' });
  const { selectedIds } = useListContext();
  const navigate = useNavigate();
  if (!add.canAccess) return null;
  return (
    <Button color="inherit" startIcon={<SquareTerminal size={16} />} onClick={() => navigate('/batchcommands/create', { state: { devices: selectedIds.map(String) } })}>
      {say('Send command…')}
    </Button>
  );
}
