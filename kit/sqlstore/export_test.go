package sqlstore

// Waiting returns how many transactions wait for their turn.
func (db *DB) Waiting() int {
	db.group.mu.Lock()
	defer db.group.mu.Unlock()
	return len(db.group.queue)
}
