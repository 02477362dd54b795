// What was done, said at the bottom: react-admin's, in a chunk of its own, since nothing is said before the first page.
export { Notification as default } from 'react-admin';
