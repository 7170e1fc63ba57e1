// The yardstick of the benchmark: what `rollout-gate evaluate --no-kube` does, written the way a Go
// programmer would, with the standard library alone. One request to MC with a nonce and a trace id,
// the DSSE signature, every field of the statement, one hash-chained audit line; exit code 0, 1 or 2.
package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

type envelope struct {
	Payload     string `json:"payload"`
	PayloadType string `json:"payloadType"`
	Signatures  []struct {
		KeyID string `json:"keyid"`
		Sig   string `json:"sig"`
	} `json:"signatures"`
}

type statement struct {
	Type    string `json:"_type"`
	Subject []struct {
		Name   string            `json:"name"`
		Digest map[string]string `json:"digest"`
	} `json:"subject"`
	PredicateType string `json:"predicateType"`
	Predicate     struct {
		EvidenceOk  bool      `json:"evidenceOk"`
		Reasons     []string  `json:"reasons"`
		Environment string    `json:"environment"`
		Stage       string    `json:"stage"`
		Nonce       string    `json:"nonce"`
		IssuedAt    time.Time `json:"issuedAt"`
		ExpiresAt   time.Time `json:"expiresAt"`
	} `json:"predicate"`
}

func hexBytes(n int) string {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic(err)
	}
	return hex.EncodeToString(b)
}

func loadKey(file string) (ed25519.PublicKey, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s: no PEM", file)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	public, ok := key.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%s: not an Ed25519 key", file)
	}
	return public, nil
}

func fetch(base, release, environment, stage, nonce, token, trace string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	query := url.Values{"environment": {environment}, "stage": {stage}, "nonce": {nonce}}
	request, err := http.NewRequestWithContext(ctx, "GET",
		base+"/v1/evidence/"+url.PathEscape(release)+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept", "application/vnd.in-toto+dsse")
	request.Header.Set("traceparent", "00-"+trace+"-"+hexBytes(8)+"-01")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != 200 {
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	return io.ReadAll(io.LimitReader(response.Body, 1<<20))
}

func verify(body []byte, key ed25519.PublicKey, keyID string) ([]byte, error) {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, err
	}
	payload, err := base64.StdEncoding.DecodeString(e.Payload)
	if err != nil {
		return nil, err
	}
	pae := fmt.Sprintf("DSSEv1 %d %s %d %s", len(e.PayloadType), e.PayloadType, len(payload), payload)
	for _, s := range e.Signatures {
		sig, err := base64.StdEncoding.DecodeString(s.Sig)
		if err == nil && s.KeyID == keyID && ed25519.Verify(key, []byte(pae), sig) {
			return payload, nil
		}
	}
	return nil, fmt.Errorf("no valid signature")
}

func check(payload []byte, release, environment, stage, nonce string) (bool, error) {
	var s statement
	if err := json.Unmarshal(payload, &s); err != nil {
		return false, err
	}
	sum := sha256.Sum256([]byte(release))
	found := false
	for _, subject := range s.Subject {
		found = found || subject.Name == release && subject.Digest["sha256"] == hex.EncodeToString(sum[:])
	}
	now := time.Now()
	p := s.Predicate
	switch {
	case !found:
		return false, fmt.Errorf("evidence is for another release")
	case p.Environment != environment || p.Stage != stage || p.Nonce != nonce:
		return false, fmt.Errorf("evidence is for another question")
	case p.IssuedAt.After(now.Add(30*time.Second)) || now.After(p.ExpiresAt) ||
		now.Sub(p.IssuedAt) > 10*time.Minute:
		return false, fmt.Errorf("evidence is not fresh")
	}
	return p.EvidenceOk, nil
}

func main() {
	base := flag.String("url", "", "")
	tokenFile := flag.String("token-file", "", "")
	keyFile := flag.String("key-file", "", "")
	keyID := flag.String("key-id", "", "")
	release := flag.String("release-id", "", "")
	environment := flag.String("environment", "", "")
	stage := flag.String("stage", "", "")
	flag.Parse()
	inconclusive := func(err error) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	key, err := loadKey(*keyFile)
	if err != nil {
		inconclusive(err)
	}
	token, err := os.ReadFile(*tokenFile)
	if err != nil {
		inconclusive(err)
	}
	nonce, trace := hexBytes(18), hexBytes(16)
	body, err := fetch(*base, *release, *environment, *stage, nonce, strings.TrimSpace(string(token)), trace)
	if err != nil {
		inconclusive(err)
	}
	payload, err := verify(body, key, *keyID)
	if err != nil {
		inconclusive(err)
	}
	ok, err := check(payload, *release, *environment, *stage, nonce)
	if err != nil {
		inconclusive(err)
	}
	record := map[string]any{"kind": "verdict", "release": *release, "stage": *stage, "pass": ok,
		"traceId": trace, "time": time.Now().UTC(), "prev": strings.Repeat("0", 64)}
	text, _ := json.Marshal(record)
	hash := sha256.Sum256(text)
	record["hash"] = hex.EncodeToString(hash[:])
	line, _ := json.Marshal(record)
	fmt.Println(string(line))
	if !ok {
		os.Exit(1)
	}
}
