package conformance_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
)

// exchange is a request that a server got, and its answer.
type exchange struct {
	Method, Path string
	Asked        []byte
	Status       int
	Told         []byte
}

// recorder keeps what goes through a handler, in the order in which the answers were given.
type recorder struct {
	handler http.Handler

	mu   sync.Mutex // guards seen
	seen []exchange
}

func (rec *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(asked))
	told := httptest.NewRecorder()
	rec.handler.ServeHTTP(told, r)
	rec.mu.Lock()
	rec.seen = append(rec.seen, exchange{Method: r.Method, Path: r.URL.RequestURI(), Asked: asked, Status: told.Code, Told: told.Body.Bytes()})
	rec.mu.Unlock()
	for name, values := range told.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(told.Code)
	_, _ = w.Write(told.Body.Bytes())
}

func (rec *recorder) exchanges() []exchange {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return append([]exchange(nil), rec.seen...)
}
