package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// jobPage is the number of job runs read in one transaction; a program has a dozen jobs.
const jobPage = 100

// JobRun is the last occurrence of a job and how it went. Its fields are those of package bot's type of the same name.
type JobRun struct {
	Name      string
	Due       time.Time
	Tries     int
	Started   time.Time
	Ended     time.Time
	Result    string
	Error     string
	Succeeded time.Time
	Told      time.Time
}

// jobRunRecord is a job run on disk; the job's name is the key. Fields are only ever added.
type jobRunRecord struct {
	Due       time.Time `json:"due,omitzero"`
	Tries     int       `json:"tries,omitempty"`
	Started   time.Time `json:"started,omitzero"`
	Ended     time.Time `json:"ended,omitzero"`
	Result    string    `json:"result,omitempty"`
	Error     string    `json:"error,omitempty"`
	Succeeded time.Time `json:"succeeded,omitzero"`
	Told      time.Time `json:"told,omitzero"`
}

func (r jobRunRecord) run(name string) JobRun {
	return JobRun{
		Name: name, Due: r.Due, Tries: r.Tries, Started: r.Started, Ended: r.Ended,
		Result: r.Result, Error: r.Error, Succeeded: r.Succeeded, Told: r.Told,
	}
}

// JobRun returns what is known of a job; a run without a name when nothing is.
func (s *Store) JobRun(ctx context.Context, name string) (JobRun, error) {
	var run JobRun
	err := s.read(ctx, func(v view) error {
		value := v.get(bucketJobs, []byte(name))
		if value == nil {
			return nil
		}
		var rec jobRunRecord
		if err := json.Unmarshal(value, &rec); err != nil {
			return fmt.Errorf("decode: %w", err)
		}
		run = rec.run(name)
		return nil
	})
	if err != nil {
		return JobRun{}, fmt.Errorf("read the runs of job %s: %w", name, err)
	}
	return run, nil
}

// SetJobRun saves what is known of a job in place of what was saved before.
func (s *Store) SetJobRun(ctx context.Context, r JobRun) error {
	value, err := json.Marshal(jobRunRecord{
		Due: r.Due.UTC(), Tries: r.Tries, Started: r.Started.UTC(), Ended: r.Ended.UTC(),
		Result: r.Result, Error: r.Error, Succeeded: r.Succeeded.UTC(), Told: r.Told.UTC(),
	})
	if err != nil {
		return fmt.Errorf("encode the run of job %s: %w", r.Name, err)
	}
	err = s.save(ctx, s.urgent, "set job run", func(view) ([]change, error) {
		return []change{{bucketJobs, []byte(r.Name), value}}, nil
	})
	if err != nil {
		return fmt.Errorf("save the run of job %s: %w", r.Name, err)
	}
	return nil
}

// JobRuns returns all jobs that ever ran, by name.
func (s *Store) JobRuns(ctx context.Context) ([]JobRun, error) {
	pairs, err := s.page(ctx, bucketJobs, nil, nil, jobPage)
	if err != nil {
		return nil, fmt.Errorf("read the runs of jobs: %w", err)
	}
	runs := make([]JobRun, len(pairs))
	for i, p := range pairs {
		var rec jobRunRecord
		if err := json.Unmarshal(p.value, &rec); err != nil {
			return nil, fmt.Errorf("read the runs of job %s: %w", p.key, err)
		}
		runs[i] = rec.run(string(p.key))
	}
	return runs, nil
}
