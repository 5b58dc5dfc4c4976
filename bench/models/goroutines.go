// A goroutine for each connection: Go's net/http.
package main

import (
	"fmt"
	"net"
	"net/http"
	"time"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	http.Serve(listener, http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		if request.URL.Path == "/work" {
			for end := time.Now().Add(50 * time.Millisecond); time.Now().Before(end); {
			}
		}
		answer.Header().Set("content-type", "text/plain")
		answer.Write([]byte("hello"))
	}))
}
