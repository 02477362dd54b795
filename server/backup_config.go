package server

// backupConfig is what is written before a newer program changes tables.
type backupConfig struct {
	// BeforeMigration writes a backup then.
	BeforeMigration bool `koanf:"before_migration" doc:"Write a backup of everything before a newer program changes the tables; without one they are not changed. PostgreSQL's pg_dump is needed for it."`
	// Dir is where.
	Dir string `koanf:"dir" doc:"Folder of these backups. Empty: backups in the folder of data."`
	// Keep is how many.
	Keep int `koanf:"keep" doc:"How many of them are kept."`
}
