// One GET with Go's net/http, as the web provider of Argo Rollouts does it: http.Client with a
// Timeout, no retry. Prints what it saw as one line of JSON.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

type seen struct {
	Status int     `json:"status"`
	Bytes  int     `json:"bytes"`
	Millis float64 `json:"millis"`
	Errno  string  `json:"errno"`
	Error  string  `json:"error"`
}

func main() {
	url, caFile := os.Args[1], os.Args[2]
	timeout, err := time.ParseDuration(os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{}}
	if pem, err := os.ReadFile(caFile); err == nil {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		transport.TLSClientConfig.RootCAs = pool
	}
	// All names are on this machine.
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, _ := net.SplitHostPort(address)
		return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+port)
	}
	client := &http.Client{Timeout: timeout, Transport: transport}
	var result seen
	start := time.Now()
	response, err := client.Get(url)
	if err == nil {
		result.Status = response.StatusCode
		var body []byte
		body, err = io.ReadAll(response.Body)
		result.Bytes = len(body)
		response.Body.Close()
	}
	result.Millis = float64(time.Since(start).Microseconds()) / 1000
	if err != nil {
		result.Error = err.Error()
		var errno syscall.Errno
		var timeoutError net.Error
		switch {
		case errors.As(err, &errno):
			result.Errno = map[syscall.Errno]string{
				syscall.ECONNRESET: "ECONNRESET", syscall.ECONNREFUSED: "ECONNREFUSED",
				syscall.EPIPE: "EPIPE",
			}[errno]
		case errors.As(err, &timeoutError) && timeoutError.Timeout():
			result.Errno = "timeout"
		case errors.Is(err, io.ErrUnexpectedEOF):
			result.Errno = "unexpected EOF"
		case errors.Is(err, io.EOF):
			result.Errno = "EOF"
		default:
			result.Errno = "other"
		}
	}
	json.NewEncoder(os.Stdout).Encode(result)
}
