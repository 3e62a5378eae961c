"""What happened, as data: tables read strictly, and bindings that say what their columns mean."""
