-- +goose Up
-- whether a rule made an address is asked for each address of a list
CREATE INDEX subnetdivision_entry_address ON subnetdivision_entry (address_id) WHERE address_id IS NOT NULL;

-- +goose Down
DROP INDEX subnetdivision_entry_address;
