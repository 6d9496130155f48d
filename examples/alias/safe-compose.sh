# Typing docker-compose means safe-compose. Read this from ~/.bashrc, ~/.zshrc or ~/.profile:
#     . /path/to/safe-compose.sh
alias docker-compose=safe-compose
