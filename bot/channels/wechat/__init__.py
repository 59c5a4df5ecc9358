"""WeChat Official Account (服务号): citizens only. Imported only when there is an app id.

`crypto` opens what comes and seals what goes back, `parse` reads it, `ingress` answers inside five seconds,
`citizens` says what it means; `draw` makes texts, `delivery` knows what Tencent lets us send, `fetching` gets media,
`api` is the only module that calls Tencent, `tokens` its access token, `faults` its error codes as data.
"""
