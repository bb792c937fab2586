from ledger import create_app


def main():
    create_app().run(debug=True)


if __name__ == "__main__":
    main()
