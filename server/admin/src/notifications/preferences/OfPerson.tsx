import { Button } from '@mui/material';
import { BellRing } from 'lucide-react';
import { useRecordContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { useText } from '../../design/useText';

/** Leads from a person's page to what the person is told of. */
export default function OfPerson() {
  const say = useText();
  const person = useRecordContext();
  if (!person) return null;
  return (
    <Button variant="outlined" className="w-desk" component={Link} to={`/notifications/preferences/${person.id}`} startIcon={<BellRing size={16} />}>
      {say('Notifications')}
    </Button>
  );
}
