package store

import (
	"fmt"
	"strconv"

	"go.etcd.io/bbolt"
)

// The buckets; doc.go says what each holds.
const (
	bucketMeta          = "meta"
	bucketRequests      = "requests"
	bucketTimes         = "request times"
	bucketOpen          = "open requests"
	bucketPersons       = "person requests"
	bucketOrigins       = "origins"
	bucketPlans         = "plans"
	bucketRows          = "plan rows"
	bucketNumbers       = "plan numbers"
	bucketJournal       = "journal"
	bucketNotices       = "notices"
	bucketAudit         = "audit"
	bucketDeliveries    = "deliveries"
	bucketDeliveryTimes = "delivery times"
	bucketInbox         = "inbox"
	bucketMessages      = "messages"

	// Since version 2.
	bucketJobs        = "job runs"
	bucketSnapshots   = "snapshots"
	bucketReports     = "reports"
	bucketReportTimes = "report times"
	bucketRetired     = "retired"
)

// The keys of the meta bucket.
const (
	metaSchema   = "schema"   // decimal schema version
	metaRequest  = "request"  // last request number given out
	metaNotice   = "notice"   // last notice id given out
	metaDelivery = "delivery" // last inbox place given out
	metaAudit    = "audit"    // head of the chain, see auditHead
	metaSwitch   = "switch"   // see switchRecord
)

// migration brings a file from one schema version to the next. It runs in one transaction together with the new version number.
type migration struct {
	name string
	run  func(tx *bbolt.Tx) error
}

// migrations are run in order; the first makes version 1. One is never changed after it was released: files exist that it has made.
func migrations() []migration {
	return []migration{
		{"create the buckets", createBuckets},
		{"add the buckets of jobs and reports", addReportBuckets},
	}
}

func createBuckets(tx *bbolt.Tx) error {
	return create(tx, bucketMeta, bucketRequests, bucketTimes, bucketOpen, bucketPersons, bucketOrigins, bucketPlans, bucketRows, bucketNumbers,
		bucketJournal, bucketNotices, bucketAudit, bucketDeliveries, bucketDeliveryTimes, bucketInbox, bucketMessages)
}

func addReportBuckets(tx *bbolt.Tx) error {
	return create(tx, bucketJobs, bucketSnapshots, bucketReports, bucketReportTimes, bucketRetired)
}

func create(tx *bbolt.Tx, names ...string) error {
	for _, name := range names {
		if _, err := tx.CreateBucket([]byte(name)); err != nil {
			return fmt.Errorf("create bucket %s: %w", name, err)
		}
	}
	return nil
}

// migrate brings the file to the present schema, one transaction a version. If we stop between two of them, the next open goes on.
func migrate(db *bbolt.DB, path string) error {
	steps := migrations()
	have, err := schemaVersion(db, path)
	if err != nil {
		return err
	}
	if have > len(steps) {
		return fmt.Errorf("%w: %s has schema %d and this program knows %d. Start the newer program, or restore a backup from before it",
			ErrNewer, path, have, len(steps))
	}
	for i := have; i < len(steps); i++ {
		err := db.Update(func(tx *bbolt.Tx) error {
			if err := steps[i].run(tx); err != nil {
				return err
			}
			return tx.Bucket([]byte(bucketMeta)).Put([]byte(metaSchema), strconv.AppendInt(nil, int64(i+1), 10))
		})
		if err != nil {
			return fmt.Errorf("bring the store %s to schema %d (%s): %w", path, i+1, steps[i].name, err)
		}
	}
	return nil
}

// schemaVersion is 0 for a new file. A file with content but without our version belongs to another program.
func schemaVersion(db *bbolt.DB, path string) (int, error) {
	version := 0
	err := db.View(func(tx *bbolt.Tx) error {
		if first, _ := tx.Cursor().First(); first == nil {
			return nil
		}
		var text []byte
		if meta := tx.Bucket([]byte(bucketMeta)); meta != nil {
			text = meta.Get([]byte(metaSchema))
		}
		n, err := strconv.Atoi(string(text))
		if err != nil || n < 1 {
			return fmt.Errorf("%s belongs to another program: it has no schema version of portalbot; name another file", path)
		}
		version = n
		return nil
	})
	return version, err
}
