"""WeCom 企业微信: staff in their groups, through the 智能机器人's long connection. Imported only when it is set up.

`frames` reads what comes, `line` is the connection, `ingress` keeps a chat's order; `desk`, `previews` and `questions`
say what it means, `board` shows cases; `draw` makes messages, `pacer` knows a group's budget, `api` sends.
"""
